"""Calls of the Segment specification as events, for the calls that a log of track and identify calls has."""

import json
from datetime import UTC, datetime

from tests.oracle.matching import Event


def normalise(line: str | bytes) -> Event:
    """The event of one call with a user: `identify` tells the profile, `track` is product or, by its name, email."""
    call = json.loads(line)
    event = {"id": call["messageId"], "lead": call["userId"], "time": _milliseconds(call["timestamp"]), "path": ""}
    if call["type"] == "identify":
        return event | {"type": "profile", "name": "", "properties": call.get("traits") or {}}
    if call["type"] == "track":
        channel = "email" if call["event"].startswith("Email ") else "product"
        return event | {"type": channel, "name": call["event"], "properties": call.get("properties") or {}}
    raise ValueError(f"no reading of {call['type']!r} is written here")


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
