"""The hidden course of every lead: when it appears, its regime each day, and when it converts.

Also drawn here is what reaches over midnight: a demo request is followed by a call on a later working day and often by
a meeting, and an unsubscription ends all emails. The rest of a day's behaviour needs nothing but the day's regime.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from leadpulse.simulator.population import Ints, Population
from leadpulse.simulator.regimes import Floats, Small, conversion_rates, first_regimes, next_regimes
from schemas.times import DAY, HOUR

NEVER: Final = 1 << 62

_DEMO: Final = np.array([0.0001, 0.0010, 0.0100, 0.12])
_DEMO_PAUSE: Final = 14
_UNSUBSCRIBE: Final = np.array([0.0025, 0.0005, 0.0001, 0.0])
_CALLED: Final = 0.85
_MET: Final = 0.5
_QUIET_WEEKEND: Final = 0.25


@dataclass(frozen=True)
class Courses:
    """n leads over so many days. Times are milliseconds from the start of the simulation."""

    first: Ints
    """Time of the first event."""
    regimes: np.ndarray[tuple[int, int], np.dtype[np.int8]]
    """A row a day; before the lead's first day there is no meaning in it, nor after its conversion."""
    converted: Ints
    """Time of the conversion, NEVER without one."""
    unsubscribed: Ints
    """The day of the unsubscription, NEVER without one."""
    demos: list[Ints]
    """By day, who asks for a demo."""
    calls: list[Ints]
    """By day, who gets the call that follows."""
    meetings: list[Ints]
    """By day, who has the meeting that follows."""


def working_hours(rng: np.random.Generator, count: int) -> Ints:
    """Milliseconds of a day, between 6 and 21 o'clock: whatever begins then ends before midnight."""
    return (6 * HOUR + rng.beta(2.5, 2.5, count) * 15 * HOUR).astype(np.int64)


def liveliness(weekday: int) -> float:
    """How much happens on a weekday (0 is Monday), as a share of a working day."""
    return 1.0 if weekday < 5 else _QUIET_WEEKEND


def draw_courses(population: Population, days: int, weekday: int, rng: np.random.Generator) -> Courses:
    """`weekday` is the first day's, 0 for Monday. Leads appear evenly over all days."""
    count = len(population)
    first = rng.integers(days, size=count) * DAY + working_hours(rng, count)
    regimes = np.zeros((days, count), np.int8)
    conversion = _Conversion(population, first, rng.exponential(size=count))
    unsubscribed = np.full(count, NEVER)
    follow_up = _FollowUp(days, weekday, count)
    reachable = ~population.anonymous
    today = first_regimes(rng.random(count))
    for day in range(days):
        today = np.where(first // DAY < day, next_regimes(today, rng.random(count)), today)
        regimes[day] = today
        active = (first // DAY <= day) & (conversion.time == NEVER)
        conversion.pass_day(day, today)
        follow_up.pass_day(day, _DEMO[today] * (active & reachable), rng)
        leaves = active & reachable & (rng.random(count) < _UNSUBSCRIBE[today])
        unsubscribed[leaves & (unsubscribed == NEVER)] = day
    return Courses(
        first, regimes, conversion.time, unsubscribed, follow_up.demos, follow_up.calls, follow_up.meetings
    )  # fmt: skip


class _Conversion:
    """A lead converts when its rate, added up over time, passes an exponential threshold: exact to the millisecond."""

    def __init__(self, population: Population, first: Ints, threshold: Floats) -> None:
        self.time = np.full(len(population), NEVER)
        self._rates = conversion_rates(population.fit)
        self._first = first
        self._left = threshold

    def pass_day(self, day: int, regimes: Small) -> None:
        begin = np.clip(self._first - day * DAY, 0, DAY)
        rate = np.take_along_axis(self._rates, regimes[:, None].astype(np.int64), axis=1)[:, 0] / DAY
        left = self._left - rate * (DAY - begin)
        hit = (left <= 0) & (self.time == NEVER)
        elapsed = np.ceil(self._left[hit] / rate[hit]).astype(np.int64)
        self.time[hit] = day * DAY + np.minimum(begin[hit] + np.maximum(elapsed, 1), DAY - 1)
        self._left = left


class _FollowUp:
    """Demo requests, and the calls and meetings that sales makes of them."""

    def __init__(self, days: int, weekday: int, leads: int) -> None:
        self._days, self._weekday = days, weekday
        self._next_demo = np.zeros(leads, np.int64)
        self.demos, self.calls, self.meetings = ([np.zeros(0, np.int64)] * days for _ in range(3))

    def pass_day(self, day: int, chances: Floats, rng: np.random.Generator) -> None:
        ready = self._next_demo <= day
        lively = liveliness((self._weekday + day) % 7)
        asking = np.flatnonzero((rng.random(len(chances)) < chances * lively) & ready)
        self._next_demo[asking] = day + _DEMO_PAUSE
        self.demos[day] = asking
        self._plan(self.calls, day + 1, asking[rng.random(len(asking)) < _CALLED])
        self._plan(self.meetings, day + int(rng.integers(2, 6)), asking[rng.random(len(asking)) < _MET])

    def _plan(self, agenda: list[Ints], day: int, leads: Ints) -> None:
        while (self._weekday + day) % 7 >= 5:
            day += 1
        if day < self._days:
            agenda[day] = np.concatenate([agenda[day], leads])
