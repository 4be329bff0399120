"""Records that may hold an array of events, as webhooks deliver them: all of it can be read, or none of it counts."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from stream.core.events import Event, Unreadable
from stream.sources.native import parse_json

MOST_EVENTS: Final = 100
"""In one record: as many as HubSpot sends at once."""


def read_each(value: bytes, read: Callable[[dict[str, Any]], Sequence[Event]]) -> list[Event]:
    """The events of the object that the bytes hold, or of each object in their array, in order. Raises Unreadable."""
    content = parse_json(value)
    return read_objects(content if type(content) is list else [content], read)


def read_objects(found: list[Any], read: Callable[[dict[str, Any]], Sequence[Event]]) -> list[Event]:
    """The events of each of these objects. Raises Unreadable, which names the first that cannot be read."""
    if len(found) > MOST_EVENTS:
        raise Unreadable("invalid", f"{len(found)} events in one record: have the gateway send {MOST_EVENTS} at most")
    events: list[Event] = []
    for place, content in enumerate(found, start=1):
        try:
            if type(content) is not dict:
                raise Unreadable("invalid", f"an event is a JSON object, not {type(content).__name__}")
            events += read(content)
        except Unreadable as error:
            if len(found) == 1:
                raise
            raise Unreadable(error.reason, f"event {place} of {len(found)}: {error}") from None
    return events
