"""Times: RFC 3339 in UTC on the wire, int64 milliseconds since 1970 everywhere inside, durations such as ``48h``."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

# Before 2000 a stamp is a device without a clock; after 2200 it is a unit mistake (microseconds read as milliseconds).
EARLIEST: Final = 946_684_800_000
LATEST: Final = 7_258_118_400_000

RFC3339_PATTERN: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_RFC3339: Final = re.compile(RFC3339_PATTERN[1:-1], re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})(ms|s|m|h|d)", re.ASCII)
_UNIT: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


def parse_time(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 stamp with an offset; finer digits are cut off.

    Raises ValueError, naming the text, for anything else, for days that do not exist and outside 2000 to 2200.
    """
    if _RFC3339.fullmatch(text) is None:
        raise ValueError(f"not an RFC 3339 time with an offset, such as 2026-03-01T09:30:00.000Z: {text[:40]!r}")
    milliseconds = (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
    if not EARLIEST <= milliseconds < LATEST:
        raise ValueError(f"a time outside the years 2000 to 2199: {text[:40]!r}")
    return milliseconds


def format_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with exactly three decimals."""
    minutes, rest = divmod(milliseconds, MINUTE)
    return f"{_minute(minutes)}{rest // SECOND:02d}.{rest % SECOND:03d}Z"


@lru_cache(maxsize=65_536)
def _minute(minutes: int) -> str:
    return f"{datetime.fromtimestamp(minutes * 60, UTC):%Y-%m-%dT%H:%M:}"


def parse_duration(value: object) -> int:
    """Milliseconds of ``250ms``, ``30s``, ``5m``, ``48h`` or ``7d``; whole numbers pass as milliseconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a duration such as 250ms, 30s, 5m, 48h or 7d: {value!r}")
    return int(match[1]) * _UNIT[match[2]]


def format_duration(milliseconds: int) -> str:
    """The shortest exact form: 172800000 gives ``48h``, 604800000 gives ``7d``; two days are written as hours."""
    if milliseconds % DAY == 0 and milliseconds > 2 * DAY:
        return f"{milliseconds // DAY}d"
    for unit, size in (("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        if milliseconds % size == 0 and milliseconds > 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["48h"]}),
]
"""A duration in milliseconds, written with its unit in settings."""
