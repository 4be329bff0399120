"""A simulated market: its events in the order of time, and the truth about every lead."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from leadpulse.simulator import catalogue
from leadpulse.simulator.behaviour import Day, Happenings
from leadpulse.simulator.courses import NEVER, draw_courses
from leadpulse.simulator.population import draw_population
from leadpulse.simulator.record import Record
from leadpulse.simulator.regimes import conversion_rates, conversion_within
from schemas.times import DAY, EARLIEST, LATEST


class Truth(NamedTuple):
    """The probability that a lead converts within the 30 days after an instant at which it has not."""

    lead: str
    time: int
    probability: float


class Simulation:
    """Equal arguments give equal events, to the byte, on equal versions of NumPy.

    The days are drawn independently of each other, given the leads' courses, so that `events` can begin anywhere: a
    history up to an instant and a live stream from it on are two calls, belong to the same leads and join without seam.
    """

    def __init__(self, seed: int, leads: int, start: int, days: int) -> None:
        """`start` is milliseconds since 1970, a midnight in UTC; so many days are simulated from it on."""
        if seed < 0 or leads < 1 or days < 1:
            raise ValueError("a simulation needs a seed of at least 0, a lead and a day: give larger numbers")
        if start % DAY or not EARLIEST <= start <= LATEST - (days + 1) * DAY:
            raise ValueError(f"the start, {start}, is no midnight in UTC between the years 2000 and 2199: give one")
        self.seed, self.start, self.days = seed, start, days
        rng = np.random.default_rng([seed, 0])
        # The first of January 1970 was a Thursday.
        self._weekday = (start // DAY + 3) % 7
        self._population = draw_population(leads, rng)
        self._courses = draw_courses(self._population, days, self._weekday, rng)
        self._rates = conversion_rates(self._population.fit)
        self._keys = [lead.encode() for lead in self.leads]

    @property
    def leads(self) -> tuple[str, ...]:
        """The ids; a lead's index is its place here."""
        return self._population.ids

    @property
    def end(self) -> int:
        """The instant after the last day."""
        return self.start + self.days * DAY

    def first(self, lead: int) -> int:
        """Time of the lead's first event."""
        return self.start + int(self._courses.first[lead])

    def converted(self, lead: int) -> int | None:
        """Time of the lead's conversion; None where there is none in these days."""
        time = int(self._courses.converted[lead])
        return None if time == NEVER else self.start + time

    def events(self, since: int | None = None, until: int | None = None) -> Iterator[Record]:
        """Events from `since` on and before `until`, in the order of time."""
        begin = self.start if since is None else max(since, self.start)
        end = self.end if until is None else min(until, self.end)
        for day in range((begin - self.start) // DAY, -((self.start - end) // DAY)):
            weekday = (self._weekday + day) % 7
            rng = np.random.default_rng([self.seed, 1, day])
            happenings = Day(self._population, self._courses, day, weekday, rng).draw()
            for record in self._write(day, happenings):
                if begin <= record.time < end:
                    yield record

    def truth(self, lead: int, time: int) -> float:
        """The probability that the lead converts within 30 days after this time, given its regime then.

        Raises ValueError before the lead's first event, from its conversion on and outside the simulated days.
        """
        since = time - self.start
        if not self._courses.first[lead] <= since < min(int(self._courses.converted[lead]), self.days * DAY):
            raise ValueError(f"{self.leads[lead]} is no lead at {time}: ask from its first event to its conversion")
        day, elapsed = divmod(since, DAY)
        chances = conversion_within(self._rates[lead : lead + 1], np.array([elapsed / DAY]))
        return float(chances[0, self._courses.regimes[day, lead]])

    def truths(self) -> Iterator[Truth]:
        """For each lead, the truth at its first event and whole days after it, to its conversion or the end."""
        days, elapsed = np.divmod(self._courses.first, DAY)
        chances = conversion_within(self._rates, elapsed / DAY)
        ends = np.minimum(self._courses.converted, self.days * DAY)
        for index, lead in enumerate(self.leads):
            first, end = int(self._courses.first[index]), int(ends[index])
            regimes = self._courses.regimes[days[index] :, index].tolist()
            chance = chances[index].tolist()
            for time, regime in zip(range(first, end, DAY), regimes, strict=False):
                yield Truth(lead, self.start + time, chance[regime])

    def _write(self, day: int, happenings: Happenings) -> Iterator[Record]:
        leads, keys, profiles = self.leads, self._keys, self._population.profiles
        times = happenings.time + self.start
        stamps = np.datetime_as_string(times.astype("datetime64[ms]")).tolist()
        # The date keeps ids apart when the same seed is used again for other days.
        prefix = f"{self.seed:x}-{self.start // DAY + day}"
        columns = zip(happenings.lead.tolist(), times.tolist(), happenings.code.tolist(), stamps, strict=True)
        for number, (lead, time, code, stamp) in enumerate(columns):
            body = catalogue.BODIES[code]
            if code == catalogue.PROFILE.first:
                body += f',"fields":{profiles[lead]}'
            value = f'{{"id":"{prefix}-{number}","lead":"{leads[lead]}","time":"{stamp}Z",{body}}}'
            yield Record(catalogue.CHANNELS[code], keys[lead], value.encode(), time)
