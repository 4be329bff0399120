"""Snapshots: what was known of a lead at a moment of its life, and whether it had the outcome soon after.

The features at the instant T hold exactly the events with time < T; the label is 1 where the lead's outcome lies in
(T, T + within], else 0. A lead that ended at or before T is no lead any more, and a window that had not closed when the
log (or the list of outcomes) ended has no label: neither gives a snapshot.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream.core.columns import Columns
from stream.core.fold import Matrix
from stream.core.lead import LATER, Flags, Ints
from stream.core.plan import Plan
from stream.core.replay import replay
from training.events import repeated
from training.lives import Lives
from training.moments import Moments, ask
from training.saying import Say, in_silence

if TYPE_CHECKING:
    from training.log import EventLog


@dataclass(frozen=True)
class Snapshots:
    """S snapshots ordered by (lead, time), one place each; features [S, F]."""

    lead: Ints
    day: Ints
    """Which moment: days after the first event, or how many signals there had been (`training.moments.groups`)."""
    first: Ints
    """Time of the lead's first event."""
    time: Ints
    """The instant T."""
    label: Ints
    features: Matrix

    def __len__(self) -> int:
        return len(self.lead)

    def of(self, keep: Flags) -> "Snapshots":
        """Those where `keep` is set."""
        return Snapshots(
            self.lead[keep], self.day[keep], self.first[keep], self.time[keep], self.label[keep], self.features[keep]
        )

    def numbered(self, numbers: Ints) -> "Snapshots":
        """The same, lead i being called numbers[i]."""
        return replace(self, lead=numbers[self.lead])


@dataclass(frozen=True)
class LeftOut:
    """Moments that gave no snapshot, by reason, and what else the log had too much of."""

    converted: int
    """The lead had converted already."""
    open: int
    """The label's window was not over when the log ended."""
    lost: int = 0
    """The lead had ended without converting."""
    never_asked: int = 0
    """Leads that converted by their first moment: nothing is learned or judged about them."""
    repeated: int = 0
    """Events whose lead has an earlier one of the same id: they count once."""


class Question(NamedTuple):
    """What is asked of every lead. within: the label's window in milliseconds. known, end: as in `EventLog`."""

    plan: Plan
    moments: Moments
    within: int
    known: int
    end: int


Answer = tuple[Snapshots, Ints]
"""The snapshots of some leads, and the numbers of `LeftOut`."""


def take_snapshots(
    log: "EventLog", plan: Plan, moments: Moments, within: int, say: Say = in_silence
) -> tuple[Snapshots, LeftOut]:
    """The snapshots at these moments, labelled with outcomes `within` milliseconds."""
    parts: list[Snapshots] = []
    left_out = np.zeros(5, np.int64)
    for taken, left in log.parts.answers(Question(plan, moments, within, log.known, log.end), log.lives):
        parts.append(taken)
        left_out += left
        done = sum(map(len, parts))
        say(f"taking snapshots: {done:,}", len(parts) / log.parts.count)
    return _joined(parts), LeftOut(*left_out.tolist())


def answer(question: Question, lives: Lives, columns: Columns) -> Answer:
    """What is known of the leads in these columns. `lives`: by the numbers that the leads have there."""
    plan, moments, within, known_until, end = question
    lead, day, time = ask(moments, columns, lives.first)
    converted = lives.outcome[lead] <= time
    lost = ~converted & (lives.ended[lead] <= time)
    unfinished = ~converted & ~lost & ((time + within > known_until) | (time > end))
    keep = ~converted & ~lost & ~unfinished
    known = np.unique(columns.lead)
    early = np.setdiff1d(known[lives.outcome[known] < LATER], lead[~converted])
    numbers = converted.sum(), unfinished.sum(), lost.sum(), len(early), repeated(columns).sum()
    lead, day, time = lead[keep], day[keep], time[keep]
    label = (lives.outcome[lead] <= time + within).astype(np.int64)
    features = replay(columns, lead, time, plan)
    return Snapshots(lead, day, lives.first[lead], time, label, features), np.array(numbers, np.int64)


def _joined(parts: list[Snapshots]) -> Snapshots:
    """All parts as one, by (lead, time). Each part gives its memory back as soon as it has been put in its place."""
    if len(parts) == 1:
        return parts[0]
    lead = np.concatenate([part.lead for part in parts])
    time = np.concatenate([part.time for part in parts])
    order = np.lexsort((time, lead))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    features = np.empty((len(order), parts[0].features.shape[1]), np.float32)
    day, first, label = (
        np.concatenate([getattr(part, name) for part in parts])[order] for name in ("day", "first", "label")
    )
    at = 0
    while parts:
        part = parts.pop(0)
        features[place[at : at + len(part)]] = part.features
        at += len(part)
    return Snapshots(lead[order], day, first, time[order], label, features)
