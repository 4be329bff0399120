"""Durations and tiles, by the definition."""

from typing import Final

MINUTE: Final = 60 * 1000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_UNITS: Final = {"ms": 1, "s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}


def milliseconds(duration: str | int) -> int:
    """`48h` as 172800000; a whole number is milliseconds already."""
    if isinstance(duration, int):
        return duration
    digits = duration.rstrip("mshd")
    return int(digits) * _UNITS[duration[len(digits) :]]


def tile_of_window(window: int) -> int:
    """The length of the tiles that a window is measured in."""
    if window < 12 * HOUR:
        return 5 * MINUTE
    if window < 12 * DAY:
        return HOUR
    return DAY
