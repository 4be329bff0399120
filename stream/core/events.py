"""An event as every source delivers it, whatever its format was."""

from typing import Any, Literal

import msgspec

from schemas.events import Channel
from schemas.records import Reason

EventType = Channel | Literal["profile", "outcome"]


class Event(msgspec.Struct, frozen=True):
    """Something a lead did (a channel's event), is (profile) or became (outcome)."""

    id: str
    lead: str
    time: int
    """Milliseconds since 1970."""
    type: EventType
    name: str
    path: str = ""
    properties: dict[str, Any] = {}
    """Of a profile event: its fields."""


class Unreadable(Exception):
    """Bytes that are no event; the text says what is wrong."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
