"""The Segment specification: page, screen, track, identify and group calls as events.

The channel comes from the call, so a topic and an exported log give the same events: page and screen are web, track
is product unless its event's name begins with `Email `, identify and group tell the profile.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from stream.core.events import Event, Unreadable
from stream.sources import limits
from stream.sources.native import parse

PAGE_VIEW: Final = "page_view"
EMAIL_PREFIX: Final = "Email "


def decode(value: bytes) -> Event:
    """The event of one call. Raises Unreadable with the reason `malformed`, `invalid` or `unsupported`."""
    call = parse(value)
    kind = call.get("type")
    if type(kind) is not str:
        raise Unreadable("invalid", "type: must be the kind of call, such as track")
    if kind not in ("track", "page", "screen", "identify", "group"):
        raise Unreadable("unsupported", f"type: a call of the kind {kind[:40]!r} tells nothing that is scored")
    identifier = limits.identifier(call.get("messageId"), "messageId")
    lead = _lead(call)
    time = limits.time(call.get("timestamp"), "timestamp")
    if kind in ("identify", "group"):
        return Event(identifier, lead, time, "profile", "", "", _object(call, "traits"))
    properties = _object(call, "properties")
    if kind == "track":
        event = limits.name(call.get("event"), "event")
        return Event(
            identifier, lead, time, "email" if event.startswith(EMAIL_PREFIX) else "product", event, "", properties
        )
    if type(call.get("name")) is str and "name" not in properties:
        properties = properties | {"name": call["name"]}
    return Event(identifier, lead, time, "web", PAGE_VIEW, _path(call, properties), properties)


def _lead(call: dict[str, Any]) -> str:
    if call.get("userId") is not None:
        return limits.lead_id(call["userId"], "userId")
    if call.get("anonymousId") is None:
        raise Unreadable("invalid", "userId: a call has a userId or an anonymousId; both are missing")
    anonymous = call["anonymousId"]
    return limits.lead_id(f"anon:{anonymous}" if type(anonymous) is str and anonymous else anonymous, "anonymousId")


def _object(call: dict[str, Any], field: str) -> dict[str, Any]:
    """The object, or an empty one where it is absent or null, as some of Segment's libraries send it."""
    found = call.get(field)
    return {} if found is None else limits.mapping(found, field)


def _path(call: dict[str, Any], properties: dict[str, Any]) -> str:
    if properties.get("path") is not None:
        return limits.path(properties["path"], "properties.path")
    page = _object(_object(call, "context"), "page")
    if page.get("path") is not None:
        return limits.path(page["path"], "context.page.path")
    url = properties.get("url")
    if url is None:
        return ""
    if type(url) is not str:
        raise Unreadable("invalid", "properties.url: must be text")
    try:
        return limits.path(urlsplit(url).path, "properties.url")
    except ValueError:
        raise Unreadable("invalid", f"properties.url: not an address: {url[:40]!r}") from None
