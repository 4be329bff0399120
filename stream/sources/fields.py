"""Where a scan found the fields of an event: places in one array, which is used again for the next event."""

from typing import Final

import numpy as np

from schemas.events import MAX_ID, MAX_LEAD, MAX_NAME, MAX_PATH
from schemas.times import DAY, HOUR, MINUTE, SECOND
from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets

TYPE: Final = 0
"""Place in `stream.core.kinds.TYPES`."""
TIME: Final = 1
"""Milliseconds since 1970."""
ID: Final = 2
ID_END: Final = 3
LEAD: Final = 4
LEAD_END: Final = 5
ANONYMOUS: Final = 6
"""1 where `anon:` stands before the lead."""
NAME: Final = 7
"""PAGE_VIEW where the format has no name for it."""
NAME_END: Final = 8
PATH: Final = 9
PATH_END: Final = 10
FIELDS: Final = 11

PAGE_VIEW: Final = -1
NO_TIME: Final = -1

_DAYS_BEFORE: Final = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365], np.int64)


@kernel
def are_fit(fields: Ints) -> bool:
    """Whether the lengths are those that `stream.sources.limits` allows."""
    lead = fields[LEAD_END] - fields[LEAD] + 5 * fields[ANONYMOUS]
    return bool(
        0 < fields[ID_END] - fields[ID] <= MAX_ID
        and fields[LEAD] < fields[LEAD_END]
        and lead <= MAX_LEAD
        and (fields[NAME] == PAGE_VIEW or 0 < fields[NAME_END] - fields[NAME] <= MAX_NAME)
        and fields[PATH_END] - fields[PATH] <= MAX_PATH
    )


@kernel
def read_time(data: Octets, at: int, end: int) -> int:
    """Milliseconds of a stamp such as 2026-03-01T09:30:00Z, with three decimals or none; NO_TIME for all others."""
    size = end - at
    if (size != 20 and size != 24) or data[end - 1] != ord("Z"):
        return NO_TIME
    if data[at + 4] != ord("-") or data[at + 7] != ord("-") or data[at + 10] != ord("T"):
        return NO_TIME
    if data[at + 13] != ord(":") or data[at + 16] != ord(":") or (size == 24 and data[at + 19] != ord(".")):
        return NO_TIME
    year, month, day = _number(data, at, 4), _number(data, at + 5, 2), _number(data, at + 8, 2)
    hour, minute, second = _number(data, at + 11, 2), _number(data, at + 14, 2), _number(data, at + 17, 2)
    milli = _number(data, at + 20, 3) if size == 24 else 0
    if not (2000 <= year < 2200 and 1 <= month <= 12 and day >= 1 and milli >= 0):
        return NO_TIME
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return NO_TIME
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1] + (1 if leap and month == 2 else 0)
    if day > length:
        return NO_TIME
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 - 719_162
    days += _DAYS_BEFORE[month - 1] + (1 if leap and month > 2 else 0) + day - 1
    return int(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + milli)


@kernel
def _number(data: Octets, at: int, digits: int) -> int:
    """A number of so many digits; below 0 where one is none."""
    number = 0
    for i in range(at, at + digits):
        if not ord("0") <= data[i] <= ord("9"):
            return -1
        number = number * 10 + int(data[i]) - ord("0")
    return number
