"""What a log says of each lead as a whole: when it began, when it was active, how and when it ended."""

from dataclasses import dataclass

import numpy as np

from stream.core.lead import LATER, Flags, Ints
from training.events import CONVERTS, COUNTS, ENDS, SILENT, Events

Values = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Lives:
    """By lead. Times in milliseconds since 1970, LATER for what never happened."""

    first: Ints
    """The first event; LATER for a lead that only a list of outcomes or the target knows."""
    active: Ints
    """The first event that is a signal."""
    outcome: Ints
    """The first outcome that counts, unless the lead had ended before."""
    ended: Ints
    """When the lead stopped being one: the outcome, or an event that ends it without counting."""
    events: Ints
    """How many events it has, repeated ones included."""
    value: Values
    """What the outcome was worth; NaN where nobody said."""

    def of(self, leads: Ints) -> "Lives":
        """Those of these leads, in their order."""
        return Lives(
            self.first[leads], self.active[leads], self.outcome[leads], self.ended[leads], self.events[leads],
            self.value[leads],
        )  # fmt: skip


class LifeBook:
    """Gathers the lives of all leads while a log is read, or a list of outcomes."""

    def __init__(self) -> None:
        self._first, self._active, self._outcome, self._ended = (np.full(1024, LATER, np.int64) for _ in range(4))
        self._events = np.zeros(1024, np.int64)
        self._value = np.full(1024, np.nan)

    def add(self, events: Events, leads: int, counting: int) -> None:
        """`leads`: how many are known by now. `counting`: the mark of an outcome; 0 where a list has them all."""
        self._make_room(leads)
        heard = (events.marks & SILENT) == 0
        np.minimum.at(self._first, events.lead[heard], events.time[heard])
        active = events.hits > 0
        np.minimum.at(self._active, events.lead[active], events.time[active])
        self._events += np.bincount(events.lead[heard], minlength=len(self._events))[: len(self._events)]
        if counting:
            counts = (events.marks & counting) != 0
            self.outcomes(events.lead[counts], events.time[counts])
            ends = (events.marks & ENDS) != 0
            self.ends(events.lead[ends], events.time[ends])

    def outcomes(self, lead: Ints, time: Ints, value: Values | None = None) -> None:
        """Outcomes that count, in any order."""
        np.minimum.at(self._outcome, lead, time)
        if value is not None:
            order = np.lexsort((value, time))[::-1]  # of several at one time the smallest is written last
            earliest = order[time[order] == self._outcome[lead[order]]]
            self._value[lead[earliest]] = value[earliest]

    def ends(self, lead: Ints, time: Ints) -> None:
        """Events that end a lead without counting."""
        np.minimum.at(self._ended, lead, time)

    def merge(self, lead: Ints, lives: Lives, leads: int) -> None:
        """Takes over the lives of these leads, of so many in all, from a book that had other events."""
        self._make_room(leads)
        np.minimum.at(self._first, lead, lives.first)
        np.minimum.at(self._active, lead, lives.active)
        np.add.at(self._events, lead, lives.events)
        self.outcomes(lead, lives.outcome)
        self.ends(lead, lives.ended)

    def lives(self, leads: int) -> Lives:
        """Of the first so many leads."""
        self._make_room(leads)
        outcome, ended = self._outcome[:leads], self._ended[:leads]
        lost: Flags = ended < outcome
        return Lives(
            first=self._first[:leads],
            active=self._active[:leads],
            outcome=np.where(lost, LATER, outcome),
            ended=np.minimum(outcome, ended),
            events=self._events[:leads],
            value=np.where(lost, np.nan, self._value[:leads]),
        )

    def _make_room(self, leads: int) -> None:
        more = max(leads, 2 * len(self._first)) - len(self._first)
        if leads > len(self._first):
            later = np.full(more, LATER, np.int64)
            self._first, self._active, self._outcome, self._ended = (
                np.concatenate([each, later]) for each in (self._first, self._active, self._outcome, self._ended)
            )
            self._events = np.concatenate([self._events, np.zeros(more, np.int64)])
            self._value = np.concatenate([self._value, np.full(more, np.nan)])


def counting_mark(of_its_own: bool, from_a_list: bool) -> int:
    """Which mark is an outcome: the target's own, or else the worker's; none where a list of outcomes is given."""
    if from_a_list:
        return 0
    return COUNTS if of_its_own else CONVERTS
