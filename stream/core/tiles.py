"""Event-time tiles: 5 minutes for the latest 12 hours of a lead, 1 hour for 12 days, 1 day for 92 days.

Every tile begins at a multiple of its length since 1970 (UTC) and the lengths divide each other, so a coarse tile is
exactly a set of finer ones. A tile's start is stored in units of 5 minutes. Which length an event is kept at follows
from its time and the lead's latest time alone, never from the order of arrival.

A window of length W as of T holds the tiles from the one of T - W on: it is at most one tile longer than W, never
shorter. Windows under 12 hours are measured in 5-minute tiles, under 12 days in hours, longer ones in days.
"""

from typing import Final

import numpy as np

from stream.core.kernel import kernel

Starts = np.ndarray[tuple[int], np.dtype[np.int64]]

FIVE: Final = 300_000
HOUR: Final = 3_600_000
DAY: Final = 86_400_000
HOUR_UNITS: Final = 12
DAY_UNITS: Final = 288

FINE_HOURS: Final = 12
HOURLY_DAYS: Final = 12
DAILY_DAYS: Final = 92

LATE_HOURS: Final = 192
"""Dedup horizon: an event whose hour is more than this many hours before the lead's latest hour is late."""


@kernel
def kept_start(time: int, as_of: int) -> int:
    """Start of the tile an event at `time` is kept in when the lead's latest time is `as_of` (units of 5 minutes).

    -1 where it is older than every window.
    """
    day = time // DAY
    if day < as_of // DAY - DAILY_DAYS:
        return -1
    if time // HOUR >= as_of // HOUR - FINE_HOURS:
        return time // FIVE
    if day >= as_of // DAY - HOURLY_DAYS:
        return time // HOUR * HOUR_UNITS
    return day * DAY_UNITS


@kernel
def kept_from(as_of: int) -> tuple[int, int, int]:
    """First starts (units of 5 minutes) that `kept_start` leaves at 5 minutes, at an hour or less, and keeps at all."""
    hour, day = as_of // HOUR, as_of // DAY
    return (hour - FINE_HOURS) * HOUR_UNITS, (day - HOURLY_DAYS) * DAY_UNITS, (day - DAILY_DAYS) * DAY_UNITS


@kernel
def first_from(starts: Starts, low: int, high: int, start: int) -> int:
    """The first of the places `low` to `high` whose tile begins at `start` or later; `high` where none does."""
    while low < high:
        middle = (low + high) // 2
        if starts[middle] < start:
            low = middle + 1
        else:
            high = middle
    return low


def tile_units(window: int) -> int:
    """The length, in units of 5 minutes, of the tiles that a window of so many milliseconds is measured in."""
    if window < FINE_HOURS * HOUR:
        return 1
    return HOUR_UNITS if window < HOURLY_DAYS * DAY else DAY_UNITS
