"""What leads do on one day, given their regimes: visits, pricing bursts, emails, product use, sales contacts."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from leadpulse.simulator import catalogue
from leadpulse.simulator.catalogue import Kind
from leadpulse.simulator.courses import Courses, liveliness, working_hours
from leadpulse.simulator.population import Ints, Population
from leadpulse.simulator.regimes import REGIMES, Floats
from schemas.times import DAY, MINUTE, SECOND

_CUSTOMER: Final = len(REGIMES)

# Per working day, in the regimes idle, curious, evaluating, hot, and as a customer.
_VISITS: Final = np.array([0.025, 0.130, 0.320, 0.600, 0.020])
_BURSTS: Final = np.array([0.0002, 0.0015, 0.0150, 0.2500, 0.0])
_OPENS: Final = np.array([0.040, 0.110, 0.180, 0.240, 0.030])
_LOGINS: Final = np.array([0.020, 0.130, 0.400, 0.800, 1.100])
_CALLS: Final = np.array([0.0020, 0.0040, 0.0080, 0.0120, 0.0])
_SURGES: Final = np.array([0.004, 0.012, 0.030, 0.040, 0.0])

_FURTHER_PAGES: Final = np.array([0.8, 1.4, 2.2, 2.6, 0.8])
_PAGE_MIX: Final = np.array(
    [
        [0.35, 0.50, 0.05, 0.05, 0.05],
        [0.30, 0.40, 0.10, 0.10, 0.10],
        [0.20, 0.20, 0.22, 0.18, 0.20],
        [0.16, 0.12, 0.34, 0.18, 0.20],
        [0.30, 0.10, 0.05, 0.05, 0.50],
    ]
)
"""Shares of home, blog, pricing, case studies and documentation."""
_CLICK: Final = np.array([0.06, 0.15, 0.28, 0.38, 0.05])
_INVITE: Final = np.array([0.0, 0.01, 0.04, 0.09, 0.05])
"""For each login, the chance that an invitation follows."""

_LONGEST_VISIT: Final = 12
_PAGE_TIME: Final = 50 * SECOND
_BURST: Final = 90 * MINUTE

_PAGE_FIRST: Final = np.array([kind.first for kind in catalogue.PAGES])
_PAGE_SIZE: Final = np.array([kind.size for kind in catalogue.PAGES])
_IS_PRODUCT: Final = np.array([channel == "product" for channel in catalogue.CHANNELS])


class Happenings(NamedTuple):
    """Events in columns: the lead's index, the time in milliseconds of the simulation, the code in the catalogue."""

    lead: Ints
    time: Ints
    code: Ints


class Day:
    """Draws the happenings of one day."""

    def __init__(self, population: Population, courses: Courses, day: int, weekday: int, rng: np.random.Generator):
        self._population, self._courses, self._day, self._rng = population, courses, day, rng
        self._present = np.flatnonzero(courses.first < (day + 1) * DAY)
        customer = courses.converted < day * DAY
        self._state = np.where(customer, _CUSTOMER, courses.regimes[day]).astype(np.int64)
        self._lively = liveliness(weekday) * population.tempo

    def draw(self) -> Happenings:
        """All of them, in the order of time."""
        parts = [*self._web(), *self._email(), *self._product(), *self._sales()]
        lead, time, code = (np.concatenate(column) for column in zip(*parts, strict=True))
        time = time + self._day * DAY
        kept = time > self._courses.first[lead]
        kept &= _IS_PRODUCT[code] | (time < self._courses.converted[lead])
        usual = Happenings(lead[kept], time[kept], code[kept])
        lead, time, code = (np.concatenate(pair) for pair in zip(usual, self._turning_points(), strict=True))
        order = np.argsort(time, kind="stable")
        return Happenings(lead[order], time[order], code[order])

    def _web(self) -> Iterator[Happenings]:
        yield self._browse(*self._begin(_VISITS))
        who, begin = self._begin(_BURSTS)
        views = self._rng.integers(3, 7, len(who))
        who, begin = np.repeat(who, views), np.repeat(begin, views)
        yield self._happen(who, begin + self._rng.integers(_BURST, size=len(who)), catalogue.PRICING)
        asking = self._courses.demos[self._day]
        at = working_hours(self._rng, len(asking))
        yield self._happen(asking, at, catalogue.PRICING)
        yield self._happen(asking, at + self._rng.integers(20 * SECOND, 10 * MINUTE, len(at)), catalogue.DEMO_REQUEST)

    def _email(self) -> Iterator[Happenings]:
        population, courses = self._population, self._courses
        who, opened = self._begin(_OPENS)
        reached = ~population.anonymous[who] & (courses.unsubscribed[who] > self._day)
        who, opened = who[reached], opened[reached]
        yield self._happen(who, opened, catalogue.EMAIL_OPEN)
        clicking = self._rng.random(len(who)) < _CLICK[self._state[who]]
        who, clicked = who[clicking], opened[clicking] + self._rng.integers(3 * SECOND, MINUTE, int(clicking.sum()))
        yield self._happen(who, clicked, catalogue.EMAIL_CLICK)
        yield self._browse(who, clicked + 2 * SECOND)
        leaving = np.flatnonzero(courses.unsubscribed == self._day)
        yield self._happen(leaving, working_hours(self._rng, len(leaving)), catalogue.UNSUBSCRIBE)

    def _product(self) -> Iterator[Happenings]:
        who, begin = self._begin(_LOGINS)
        user = self._population.trial[who] | (self._state[who] == _CUSTOMER)
        user &= ~self._population.anonymous[who]
        who, begin = who[user], begin[user]
        yield self._happen(who, begin, catalogue.LOGIN)
        inviting = self._rng.random(len(who)) < _INVITE[self._state[who]]
        yield self._happen(who[inviting], begin[inviting] + 5 * MINUTE, catalogue.INVITE)
        uses = self._rng.poisson(1.2, len(who))
        who, begin = np.repeat(who, uses), np.repeat(begin, uses)
        yield self._happen(who, begin + self._rng.integers(MINUTE, 60 * MINUTE, len(who)), catalogue.USAGE)

    def _sales(self) -> Iterator[Happenings]:
        who, at = self._begin(_CALLS)
        named = ~self._population.anonymous[who]
        yield self._happen(who[named], at[named], catalogue.CALL)
        for agenda, kind in ((self._courses.calls, catalogue.CALL), (self._courses.meetings, catalogue.MEETING)):
            who = agenda[self._day]
            yield self._happen(who, working_hours(self._rng, len(who)), kind)
        yield self._happen(*self._begin(_SURGES), catalogue.SURGE)

    def _turning_points(self) -> Happenings:
        """The page that leads land on, the profile some minutes later, and the conversion."""
        first, converted = self._courses.first, self._courses.converted
        new = np.flatnonzero(first // DAY == self._day)
        named = new[~self._population.anonymous[new]]
        won = np.flatnonzero(converted // DAY == self._day)
        lead = np.concatenate([new, named, won])
        registered = first[named] + self._rng.integers(30 * SECOND, 10 * MINUTE, len(named))
        # Whoever converts at once has registered before.
        registered = np.minimum(registered, converted[named])
        code = [self._page_codes(new), np.full(len(named), catalogue.PROFILE.first)]
        code.append(np.full(len(won), catalogue.CONVERTED.first))
        return Happenings(lead, np.concatenate([first[new], registered, converted[won]]), np.concatenate(code))

    def _begin(self, rates: Floats) -> tuple[Ints, Ints]:
        """Who begins something that happens at these rates by state, and when: once for every time."""
        times = self._rng.poisson(rates[self._state[self._present]] * self._lively[self._present])
        who = np.repeat(self._present, times)
        return who, working_hours(self._rng, len(who))

    def _browse(self, who: Ints, begin: Ints) -> Happenings:
        """Visits: a page at once and further ones after some time each."""
        pages = np.minimum(1 + self._rng.poisson(_FURTHER_PAGES[self._state[who]]), _LONGEST_VISIT)
        visitor = np.repeat(who, pages)
        pauses = np.minimum(self._rng.exponential(_PAGE_TIME, len(visitor)), 8 * MINUTE).astype(np.int64)
        passed = np.cumsum(pauses)
        starts = np.cumsum(pages) - pages
        into = passed - np.repeat(passed[starts], pages)
        return Happenings(visitor, np.repeat(begin, pages) + into, self._page_codes(visitor))

    def _page_codes(self, visitors: Ints) -> Ints:
        edges = np.cumsum(_PAGE_MIX, axis=1)[:, :-1][self._state[visitors]]
        page = (self._rng.random(len(visitors))[:, None] >= edges).sum(axis=1)
        variant = (self._rng.random(len(visitors)) * _PAGE_SIZE[page]).astype(np.int64)
        codes: Ints = _PAGE_FIRST[page] + variant
        return codes

    def _happen(self, who: Ints, at: Ints, kind: Kind) -> Happenings:
        return Happenings(who, at, kind.first + self._rng.integers(kind.size, size=len(who)))
