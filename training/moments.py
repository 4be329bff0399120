"""The moments of a lead's life at which training asks whether it will have the outcome soon."""

from typing import Final, NamedTuple

import numpy as np

from schemas.target import AfterDays, AfterEvents, EachActivity, Weekly
from schemas.times import DAY
from stream.core.columns import Columns
from stream.core.lead import Flags, Ints
from training.events import repeated

Moments = AfterDays | AfterEvents | EachActivity | Weekly

AGES: Final = np.array([0, 1, 3, 7, 14, 30, 60], np.int64)
"""Days of age by which moments are judged together where each lead has its own."""
MONDAY: Final = 4 * DAY
"""The first Monday since 1970."""
WEEK: Final = 7 * DAY


class Asked(NamedTuple):
    """M moments by (lead, time). day: the group that it is judged in, see `describe`."""

    lead: Ints
    day: Ints
    time: Ints


def ask(moments: Moments, columns: Columns, first: Ints) -> Asked:
    """The moments of the leads in these columns. `first`: the time of each lead's first event, by lead."""
    leads = np.unique(columns.lead)
    if isinstance(moments, AfterDays):
        day = np.array(sorted(set(moments.days)), np.int64)
        return _each(leads, day, first[leads][:, None] + day * DAY)
    if isinstance(moments, Weekly):
        week = np.arange(1, moments.weeks + 1, dtype=np.int64)
        monday = (first[leads] - MONDAY) // WEEK * WEEK + MONDAY
        return _each(leads, 7 * (week - 1), monday[:, None] + week * WEEK)
    active = columns.hit_at[1:] > columns.hit_at[:-1]
    if isinstance(moments, AfterEvents):
        return _after_events(np.array(sorted(set(moments.events)), np.int64), columns, active & ~repeated(columns))
    return _after_activity(moments.days, columns, active, first)


def describe(moments: Moments) -> str:
    """The moments in words, for people."""
    if isinstance(moments, AfterDays):
        return f"{_listed(moments.days)} days after a lead's first event"
    if isinstance(moments, AfterEvents):
        return f"right after the first {_listed(moments.events)} signals of a lead"
    if isinstance(moments, Weekly):
        return f"Mondays at 00:00 UTC, for {moments.weeks} weeks after a lead's first event"
    return f"right after the first signal of each day, for {moments.days} days after a lead's first event"


def groups(moments: Moments) -> list[int]:
    """The groups that moments are judged in: days after the first event, or how many signals there had been."""
    if isinstance(moments, AfterDays):
        return sorted(set(moments.days))
    if isinstance(moments, AfterEvents):
        return sorted(set(moments.events))
    if isinstance(moments, Weekly):
        return [7 * week for week in range(moments.weeks)]
    return [age for age in AGES.tolist() if age < moments.days]


def _each(leads: Ints, day: Ints, time: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Asked:
    """Every lead at every one of these."""
    return Asked(np.repeat(leads, len(day)), np.tile(day, len(leads)), time.reshape(-1))


def _after_events(wanted: Ints, columns: Columns, counted: Flags) -> Asked:
    lead, time = columns.lead[counted], columns.time[counted]
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(lead)), np.bool_), lead[1:] != lead[:-1]]))
    sizes = np.diff(np.concatenate([begins, np.array([len(lead)], np.int64)]))
    place = begins[:, None] + wanted - 1
    has = sizes[:, None] >= wanted
    chosen = place[has]
    # Right after: the event itself is known, and so is whatever else bears its time.
    return Asked(lead[chosen], np.broadcast_to(wanted, place.shape)[has], time[chosen] + 1)


def _after_activity(days: int, columns: Columns, active: Flags, first: Ints) -> Asked:
    lead, time = columns.lead[active], columns.time[active]
    day = time // DAY
    # The first signal of a day, not the last: that no more would come that day was not known then.
    new = np.ones(len(lead), np.bool_)
    new[1:] = (lead[1:] != lead[:-1]) | (day[1:] != day[:-1])
    age = (time - first[lead]) // DAY
    keep = new & (age < days)
    group = AGES[np.searchsorted(AGES, age[keep], side="right") - 1]
    return Asked(lead[keep], group, time[keep] + 1)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, sorted(set(numbers))))
