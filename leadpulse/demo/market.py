"""What the demo streams: a simulated market's past, and after it a live stream with everything that goes wrong.

The market is always the same 150 days, moved so that they begin on a Monday and end some days ago: the days of the
week have their own liveliness, so equal seeds give equal markets whenever the demo runs.
"""

import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from leadpulse.simulator import Flaw, Record, Simulation, disturb
from schemas.times import DAY

HISTORY_DAYS: Final = 120
KNOWN_DAYS: Final = 90
"""How much of the history the worker reads: what the longest window of a feature can see."""
LIVE_DAYS: Final = 30
_MONDAY: Final = 4 * DAY  # 1970 began on a Thursday


@dataclass
class Injected:
    """What was put into the live stream so far, to compare with what came out."""

    repeats: int = 0
    flaws: Counter[Flaw] = field(default_factory=Counter)
    ids: set[bytes] = field(default_factory=set)

    def note(self, record: Record, flaw: Flaw | None) -> None:
        """Counts one record, which is a repeat if its id has passed before."""
        if flaw is not None:
            self.flaws[flaw] += 1
            return
        name = event_id(record)
        self.repeats += name in self.ids
        self.ids.add(name)


class Market:
    """So many leads, by seed."""

    def __init__(self, seed: int, leads: int, now: int) -> None:
        """`now` in milliseconds since 1970."""
        days = HISTORY_DAYS + LIVE_DAYS
        monday = (now - _MONDAY) // (7 * DAY) * (7 * DAY) + _MONDAY
        # The simulation begins on the same weekday every time, and never reaches into the future.
        weeks = -(-days // 7)
        self._simulation = Simulation(seed, leads, monday - weeks * 7 * DAY, days)
        self._seed = seed
        self.opens = self._simulation.start + HISTORY_DAYS * DAY
        """The instant at which the history ends and the live stream begins."""

    def write_history(self, path: Path) -> int:
        """Writes the history as gzipped JSON Lines; returns how many events it has."""
        events = 0
        # Without the time in the header: equal histories are equal files, and give models of equal digests.
        with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file:
            for record in self._simulation.events(until=self.opens):
                file.write(record.value + b"\n")
                events += 1
        return events

    def known(self) -> Iterator[Record]:
        """The part of the history that the worker reads, in order and without flaws."""
        return self._simulation.events(since=self.opens - KNOWN_DAYS * DAY, until=self.opens)

    def live(self, injected: Injected) -> Iterator[Record]:
        """The live stream in the order of arrival, with repeats, late and broken events."""
        for record, flaw in disturb(self._simulation.events(since=self.opens), self._seed):
            injected.note(record, flaw)
            yield record


def event_id(record: Record) -> bytes:
    """The id of an event as the simulator writes it: its first member."""
    return record.value.split(b'"', 4)[3]
