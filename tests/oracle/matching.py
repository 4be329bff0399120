"""Whether an event is what a `match` of the settings describes."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

Event = Mapping[str, Any]
Way = Mapping[str, Any]


def recognised(channel: str, ways: Sequence[Way], event: Event) -> bool:
    """Whether the event is of the channel and fits any of the ways."""
    return event["type"] == channel and any(fits(way, event) for way in ways)


def fits(way: Way, event: Event) -> bool:
    """Whether name, path and every listed property fit."""
    if not fnmatchcase(event["name"], way.get("name", "*")):
        return False
    if not fnmatchcase(event["path"], way.get("path", "*")):
        return False
    for key, wanted in way.get("properties", {}).items():
        if key not in event["properties"] or not equal(event["properties"][key], wanted):
            return False
    return True


def equal(left: Any, right: Any) -> bool:
    """JSON's equality of two scalars: numbers by value, and truth values are no numbers."""
    return kind(left) == kind(right) and bool(left == right)


def kind(value: Any) -> str:
    """JSON's name for the type of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "other"
