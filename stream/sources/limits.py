"""What every source checks alike: identifiers, names and times as `schemas.events` allows them."""

import re
from typing import Any, Final

from schemas.events import MAX_ID, MAX_LEAD, MAX_NAME, MAX_PATH, PRINTABLE
from schemas.times import EARLIEST, LATEST, SECOND
from stream.core.events import Unreadable
from stream.sources.stamps import stamp

_PRINTABLE: Final = re.compile(PRINTABLE[1:-1])


def identifier(value: Any, field: str) -> str:
    """An event's id. Raises Unreadable."""
    # Printable text has no control characters; other text, such as one with a no-break space, may have none either.
    if type(value) is str and 0 < len(value) <= MAX_ID and value.isprintable():
        return value
    return _unprintable(value, field, MAX_ID)


def lead_id(value: Any, field: str) -> str:
    """A lead's id. Raises Unreadable."""
    if type(value) is str and 0 < len(value) <= MAX_LEAD and value.isprintable():
        return value
    return _unprintable(value, field, MAX_LEAD)


def name(value: Any, field: str) -> str:
    """What happened. Raises Unreadable."""
    if type(value) is not str or not 0 < len(value) <= MAX_NAME:
        raise _unfit(value, field, f"text of 1 to {MAX_NAME} characters")
    return value


def path(value: Any, field: str) -> str:
    """A page's path, possibly empty. Raises Unreadable."""
    if type(value) is not str or len(value) > MAX_PATH:
        raise _unfit(value, field, f"text of at most {MAX_PATH} characters")
    return value


def time(value: Any, field: str) -> int:
    """Milliseconds since 1970. Raises Unreadable."""
    if type(value) is not str:
        raise _unfit(value, field, "an RFC 3339 time with an offset")
    try:
        return stamp(value)
    except ValueError as error:
        raise Unreadable("invalid", f"{field}: {error}") from None


def seconds(value: Any, field: str) -> int:
    """Milliseconds since 1970 of a Unix time in seconds, whole or not. Raises Unreadable."""
    return _unix(value, SECOND, field, "seconds")


def milliseconds(value: Any, field: str) -> int:
    """Milliseconds since 1970, as they came. Raises Unreadable."""
    return _unix(value, 1, field, "milliseconds")


def _unix(value: Any, unit: int, field: str, name: str) -> int:
    if type(value) is not int and type(value) is not float:
        raise _unfit(value, field, f"{name} since 1970, as a number")
    found = value * unit  # infinite, it may be
    if not EARLIEST <= found <= LATEST - 1:
        raise Unreadable("invalid", f"{field}: {value!r} {name} since 1970 are outside the years 2000 to 2199")
    return round(found)


def mapping(value: Any, field: str) -> dict[str, Any]:
    """Properties or fields. Raises Unreadable."""
    if type(value) is not dict:
        raise _unfit(value, field, "an object")
    return value


def _unprintable(value: Any, field: str, most: int) -> str:
    if type(value) is str and 0 < len(value) <= most and _PRINTABLE.fullmatch(value):
        return value
    raise _unfit(value, field, f"text of 1 to {most} characters without control characters")


def _unfit(value: Any, field: str, wanted: str) -> Unreadable:
    shown = "it is missing" if value is None else f"not {repr(value)[:40]}"
    return Unreadable("invalid", f"{field}: must be {wanted}; {shown}")
