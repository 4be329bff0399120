"""Snapshots: what was known of a lead at a moment of its life, and whether it converted soon after.

Moment k of a lead is the instant T, k days after its first event. The features hold exactly the events with time < T;
the label is 1 where the first outcome lies in (T, T + within], else 0. A lead that converted at or before T is no lead
any more, and a window that had not closed when the log ended has no label: neither gives a snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas.times import DAY
from stream.core.fold import Matrix
from stream.core.lead import LATER, Flags, Ints
from stream.core.plan import Plan
from stream.core.replay import replay
from training.log import EventLog


@dataclass(frozen=True)
class Snapshots:
    """S snapshots ordered by (lead, time), one place each; features [S, F]."""

    lead: Ints
    day: Ints
    """Which moment, in days after the first event."""
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


@dataclass(frozen=True)
class LeftOut:
    """Moments that gave no snapshot, by reason."""

    converted: int
    """The lead had converted already."""
    open: int
    """The label's window was not over when the log ended."""


def take_snapshots(log: EventLog, plan: Plan, days: Sequence[int], within: int) -> tuple[Snapshots, LeftOut]:
    """The snapshots at these days after the first event, labelled with conversions `within` milliseconds."""
    first, outcome = lives(log)
    moments = np.array(sorted(days), np.int64)
    lead = np.repeat(np.arange(len(log.leads), dtype=np.int64), len(moments))
    day = np.tile(moments, len(log.leads))
    time = first[lead] + day * DAY
    converted = outcome[lead] <= time
    unfinished = ~converted & (time + within > log.end)
    keep = ~converted & ~unfinished
    lead, day, time = lead[keep], day[keep], time[keep]
    label = (outcome[lead] <= time + within).astype(np.int64)
    features = replay(log.columns, lead, time, plan)
    left_out = LeftOut(int(converted.sum()), int(unfinished.sum()))
    return Snapshots(lead, day, first[lead], time, label, features), left_out


def lives(log: EventLog) -> tuple[Ints, Ints]:
    """By lead: the times of the first event and of the first outcome (LATER without one)."""
    first = np.full(len(log.leads), LATER, np.int64)
    outcome = np.full(len(log.leads), LATER, np.int64)
    np.minimum.at(first, log.columns.lead, log.columns.time)
    ended = log.columns.outcome == 1
    np.minimum.at(outcome, log.columns.lead[ended], log.columns.time[ended])
    return first, outcome
