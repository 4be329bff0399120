"""Why a score is what it is, and why it moved: the features that count most, by their contributions."""

from typing import Final, NamedTuple

import numpy as np

from stream.core.decide import NOTHING, Decided
from stream.core.fold import Folded
from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.model import Model
from stream.core.octets import get_fixed
from stream.core.row import Sections, Told

LIMIT: Final = 32_767
"""Thousandths of log-odds that a stored contribution can be."""


Ranking = np.ndarray[tuple[int, int], np.dtype[np.int64]]


class Strongest(NamedTuple):
    """For each of N updates the M features that count most, the strongest first; ties by place.

    places: in the vector. now: their contributions, change: how those moved, both in thousandths of log-odds.
    """

    places: Ranking
    now: Ranking
    change: Ranking


class Reasons(NamedTuple):
    """Of the N updates that leave. events: their places in the columns. moved: by change since the lead's last record.
    overall: by contribution. told: for each lead the update that its row is to remember, or -1. stored: all N times F
    contributions in thousandths.
    """

    events: Ints
    moved: Strongest
    overall: Strongest
    baseline: float
    told: Ints
    stored: Told


def explain(lead: Ints, folded: Folded, decided: Decided, old: Sections, model: Model, most: int) -> Reasons:
    """`lead`: index of each event's lead. `old`: the leads' rows as they were. `most`: how many features to name."""
    events = np.flatnonzero(decided.change != NOTHING)
    found, baseline = model.explain(folded.features[events])
    stored = np.clip(np.rint(found * 1000), -LIMIT, LIMIT).astype(np.int16)
    told = np.full(len(old.end), -1, np.int64)
    size, most = len(events), min(most, stored.shape[1])
    moved, overall = (Strongest(*(np.zeros((size, most), np.int64) for _ in range(3))) for _ in range(2))
    now, change = np.zeros(stored.shape[1], np.int64), np.zeros(stored.shape[1], np.int64)
    _compare(events, lead, decided, old, stored, told, moved, overall, now, change)
    return Reasons(events, moved, overall, baseline, told, stored)


@kernel
def _compare(
    events: Ints,
    lead: Ints,
    decided: Decided,
    old: Sections,
    stored: Told,
    told: Ints,
    moved: Strongest,
    overall: Strongest,
    now: Ints,
    change: Ints,
) -> None:
    """`now`, `change`: room for the thousandths of one update."""
    features = stored.shape[1]
    for row in range(events.size):
        who = lead[events[row]]
        for f in range(features):
            now[f] = stored[row, f]
            before = np.int64(0)
            if decided.told_same[events[row]]:
                if told[who] >= 0:
                    before = np.int64(stored[told[who], f])
                else:
                    before = np.int64(get_fixed(old.data, old.contributions[who] + 2 * f, 2))
                    before -= (before >> 15) << 16
            change[f] = now[f] - before
        told[who] = row
        _rank(change, now, change, moved, row)
        _rank(now, now, now, overall, row)


@kernel
def _rank(by: Ints, now: Ints, change: Ints, out: Strongest, row: int) -> None:
    """By insertion: few are asked for."""
    most = out.places.shape[1]
    size = 0
    for f in range(by.size):
        at = size
        while at > 0 and abs(by[f]) > abs(by[out.places[row, at - 1]]):
            at -= 1
        if at < most:
            for i in range(min(size, most - 1), at, -1):
                out.places[row, i] = out.places[row, i - 1]
            out.places[row, at] = f
            size = min(size + 1, most)
    for i in range(most):
        out.now[row, i] = now[out.places[row, i]]
        out.change[row, i] = change[out.places[row, i]]
