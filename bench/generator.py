"""The events of the reference job: Segment calls of some 350 bytes, the same for the same numbers.

At any position of the log a fixed number of leads is active. Each event is of one of them, taken at random; now and
then an active lead's place goes to another, drawn from all leads by a Zipf-Mandelbrot law. So the share of leads seen
for the first time is about the same all along the log (once the first active leads have come), and within one poll
nearly every event is of another lead, as it is where a fast stream is read as it comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from bench.calls import CASUAL, KEEN, TEMPLATES, VARIANTS

BEGIN: Final = 1_772_323_200_000
"""2026-03-01T00:00:00Z."""
DAY: Final = 86_400_000
CENSUS_DAYS: Final = 10
EXPONENT: Final = 1.08
OFFSET: Final = 200
ENGAGEMENT: Final = 25
"""Events that a lead has on average before its place goes to another."""
CHUNK: Final = 50_000

_SCATTER: Final = 7_368_787
"""A prime above the largest number of leads: times it, neighbours in rank are no neighbours in name."""
_CENSUS_SCATTER: Final = 15_485_863
"""Another one, so that the census meets the busy leads all over."""
_KEEN_SHARE: Final = 15

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Traffic:
    """What a log holds. leads: how many there are to draw from. events: spread evenly over `days`.

    census: whether each lead has one event in the ten days before, in an order of its own; these come first and are
    not among `events`. active: how many leads are active at a time.
    """

    leads: int = 1_000_000
    events: int = 2_000_000
    active: int = 5_000
    days: int = 30
    census: bool = False
    seed: int = 7

    @property
    def size(self) -> int:
        """Records in all."""
        return self.events + (self.leads if self.census else 0)


class Call(NamedTuple):
    """One input record. time: of the event and of the record, in milliseconds since 1970."""

    key: bytes
    value: bytes
    time: int


def lead_name(number: int) -> str:
    """The lead of this number, as key and `userId`."""
    return f"lead-{number:07d}"


def calls(traffic: Traffic) -> Iterator[Call]:
    """The log, in the order of its times."""
    if traffic.census:
        yield from _census(traffic)
    yield from _traffic(traffic)


def _census(traffic: Traffic) -> Iterator[Call]:
    random = np.random.default_rng([traffic.seed, 1])
    step = CENSUS_DAYS * DAY / traffic.leads
    for start in range(0, traffic.leads, CHUNK):
        places = np.arange(start, min(start + CHUNK, traffic.leads), dtype=np.int64)
        numbers = places * _CENSUS_SCATTER % traffic.leads
        times = BEGIN - CENSUS_DAYS * DAY + (places * step).astype(np.int64)
        yield from _written(random, numbers, times)


def _traffic(traffic: Traffic) -> Iterator[Call]:
    random = np.random.default_rng([traffic.seed, 2])
    above = _cumulated(traffic.leads)
    active = _drawn(random, above, traffic.active, traffic.leads)
    step = traffic.days * DAY / traffic.events
    for start in range(0, traffic.events, CHUNK):
        size = min(CHUNK, traffic.events - start)
        slots = random.integers(0, traffic.active, size)
        taken = _drawn(random, above, size, traffic.leads)
        leaves = random.random(size) < 1 / ENGAGEMENT
        numbers = _held(active, slots, taken, leaves)
        times = BEGIN + (np.arange(start, start + size) * step).astype(np.int64)
        yield from _written(random, numbers, times)


def _held(active: Ints, slots: Ints, taken: Ints, leaves: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
    """The lead in each event's slot; `active` is brought to the end of the chunk. A lead that leaves makes room before
    the event, for the one `taken` at it.
    """
    numbers = np.empty(len(slots), np.int64)
    for i, (slot, lead, left) in enumerate(zip(slots.tolist(), taken.tolist(), leaves.tolist(), strict=True)):
        if left:
            active[slot] = lead
        numbers[i] = active[slot]
    return numbers


def _cumulated(leads: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = (np.arange(leads) + 1.0 + OFFSET) ** -EXPONENT
    above: np.ndarray[tuple[int], np.dtype[np.float64]] = np.cumsum(weights) / weights.sum()
    return above


def _drawn(
    random: np.random.Generator, above: np.ndarray[tuple[int], np.dtype[np.float64]], size: int, leads: int
) -> Ints:
    ranks = np.minimum(np.searchsorted(above, random.random(size)), leads - 1)
    return ranks.astype(np.int64) * _SCATTER % leads


def _written(random: np.random.Generator, numbers: Ints, times: Ints) -> Iterator[Call]:
    """One call for each lead number and time."""
    size = len(numbers)
    keen = numbers * 2_654_435_761 % 100 < _KEEN_SHARE
    drawn = random.random(size)
    signals = np.where(keen, np.searchsorted(KEEN, drawn), np.searchsorted(CASUAL, drawn))
    variants = signals * VARIANTS + random.integers(0, VARIANTS, size)
    ids = random.bytes(16 * size).hex()
    stamps = np.datetime_as_string(times.astype("datetime64[ms]")).tolist()
    for i, (number, variant, time) in enumerate(zip(numbers.tolist(), variants.tolist(), times.tolist(), strict=True)):
        lead = lead_name(number)
        value = TEMPLATES[variant] % (ids[32 * i : 32 * i + 32], stamps[i], lead)
        yield Call(lead.encode(), value.encode(), time)
