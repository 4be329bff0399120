"""What every engine must emit on the reference job, by loops over each lead's raw events.

Written from docs/features.md and docs/decisions.md, and importing nothing of the product. It knows the four kinds of
features that the reference job has, and logs whose events are in order, with ids of their own and one signal each.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

import numpy as np

from tests.oracle.durations import DAY, HOUR, milliseconds, tile_of_window
from tests.oracle.features import HOURS_LIMIT

Content = Mapping[str, Any]
"""The plain content of reference.yaml, with the model's `edges`: log-odds at which the tiers begin, highest first."""
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
Score = Callable[[Matrix], Vector]

TOLERANCE: Final = 1e-5
TIERS: Final = ("hot", "warm", "cold")


class Change(NamedTuple):
    """A score change. as_of: the lead's latest event time, in milliseconds since 1970."""

    lead: str
    sequence: int
    as_of: int
    log_odds: float
    tier: str


class Occurrence(NamedTuple):
    """One event of a lead. signal: its place among the signals."""

    time: int
    signal: int


def read(content: Content, value: bytes) -> tuple[str, Occurrence]:
    """Lead and occurrence of one call."""
    call = json.loads(value)
    moment = datetime.fromisoformat(call["timestamp"])
    time = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    name = "page_view" if call["type"] == "page" else call["event"]
    path = call["properties"].get("path", "")
    found = [
        place
        for place, signal in enumerate(content["observed"]["signals"])
        for way in signal["match"]
        if fnmatchcase(name, way["name"]) and fnmatchcase(path, way.get("path", "*"))
    ]
    (signal,) = found
    return call["userId"], Occurrence(time, signal)


def vector(content: Content, past: Sequence[Occurrence]) -> list[float]:
    """The features as of the last of these occurrences, which are in order."""
    names = [signal["name"] for signal in content["observed"]["signals"]]
    now = past[-1].time
    inside: dict[str, list[Occurrence]] = {}
    for window in {feature["window"] for feature in content["features"] if "window" in feature}:
        length = milliseconds(window)
        tile = tile_of_window(length)
        inside[window] = [each for each in past if each.time // tile >= (now - length) // tile]
    return [_value(feature, names, past, inside) for feature in content["features"]]


def _value(
    feature: Mapping[str, Any], names: list[str], past: Sequence[Occurrence], inside: dict[str, list[Occurrence]]
) -> float:
    meant = {names.index(name) for name in feature.get("signals", names)}
    if feature["kind"] == "recency":
        times = [each.time for each in past if each.signal in meant]
        return min((past[-1].time - max(times)) / HOUR, HOURS_LIMIT) if times else HOURS_LIMIT
    counted = [each for each in inside[feature["window"]] if each.signal in meant]
    if feature["kind"] == "count":
        return len(counted)
    if feature["kind"] == "active_days":
        return len({each.time // DAY for each in counted})
    if feature["kind"] == "breadth":
        return len({each.signal for each in counted})
    raise ValueError(f"the reference job has no features of the kind {feature['kind']}")


def histories(content: Content, values: Iterable[bytes]) -> tuple[list[str], list[int], Matrix]:
    """Lead, time and features after each event, in the order of the log."""
    past: dict[str, list[Occurrence]] = {}
    leads, times, rows = [], [], []
    for value in values:
        lead, occurrence = read(content, value)
        past.setdefault(lead, []).append(occurrence)
        leads.append(lead)
        times.append(occurrence.time)
        rows.append(vector(content, past[lead]))
    return leads, times, np.array(rows, np.float32)


def expected(content: Content, values: Iterable[bytes], score: Score) -> list[Change]:
    """The score changes of a log, in its order.

    The first score of a lead is told; a later one where it is `change_log_odds` or more from the one last told, as
    32-bit floats, or lies in another tier.
    """
    leads, times, rows = histories(content, values)
    least = np.float32(content["decisions"]["change_log_odds"])
    edges = [np.float32(edge) for edge in content["edges"]]
    told: dict[str, tuple[int, np.float32, str]] = {}
    changes = []
    for lead, time, log_odds in zip(leads, times, score(rows), strict=True):
        tier = TIERS[sum(1 for edge in edges if log_odds < edge)]
        sequence, last, last_tier = told.get(lead, (0, log_odds, ""))
        if sequence == 0 or abs(np.float32(log_odds - last)) >= least or tier != last_tier:
            told[lead] = (sequence + 1, log_odds, tier)
            changes.append(Change(lead, sequence + 1, time, float(log_odds), tier))
    return changes


def differences(wanted: Sequence[Change], found: Sequence[Change]) -> list[str]:
    """What is wrong with an engine's changes, in sentences; none where they are right. Their order does not matter."""
    want = {(each.lead, each.sequence): each for each in wanted}
    have = {(each.lead, each.sequence): each for each in found}
    wrong = []
    if len(have) < len(found):
        wrong.append(f"{len(found) - len(have)} changes more than once")
    if missing := want.keys() - have.keys():
        wrong.append(f"{len(missing)} changes missing, such as {want[min(missing)]}")
    if extra := have.keys() - want.keys():
        wrong.append(f"{len(extra)} changes too many, such as {have[min(extra)]}")
    other = [
        key
        for key in sorted(want.keys() & have.keys())
        if want[key].as_of != have[key].as_of
        or want[key].tier != have[key].tier
        or not abs(want[key].log_odds - have[key].log_odds) <= TOLERANCE
    ]
    if other:
        wrong.append(f"{len(other)} changes differ, such as {have[other[0]]} for {want[other[0]]}")
    return wrong
