"""Snapshots: what was known of a lead at a moment of its life, and whether it had the outcome soon after.

The features at the instant T hold exactly the events with time < T; the label is 1 where the lead's outcome lies in
(T, T + within], else 0. A lead that ended at or before T is no lead any more, and a window that had not closed when the
log (or the list of outcomes) ended has no label: neither gives a snapshot.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from stream.core.columns import Columns
from stream.core.fold import Matrix
from stream.core.lead import LATER, Flags, Ints
from stream.core.plan import Plan
from stream.core.replay import replay
from training.events import repeated
from training.lives import Lives
from training.moments import Moments, ask


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


class Question(NamedTuple):
    """What is asked of every lead. within: the label's window in milliseconds. known, end: as in the log."""

    plan: Plan
    moments: Moments
    within: int
    known: int
    end: int


Answer = tuple[Snapshots, Ints]
"""The snapshots of some leads, and the numbers of `training.taking.LeftOut`."""


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
