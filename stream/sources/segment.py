"""The Segment specification: page, screen, track, identify and group calls as events.

The channel comes from the call, so a topic and an exported log give the same events: page and screen are web, track
is product unless its event's name begins with `Email `, identify and group tell the profile.

RudderStack's calls are the same but for three things: an empty `userId` is none, the traits of identify may stand in
the context, and a call that did not pass its servers has no `timestamp` yet, but an `originalTimestamp`.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from stream.core.events import Event, Unreadable
from stream.sources import limits
from stream.sources.batches import read_objects
from stream.sources.native import parse

PAGE_VIEW: Final = "page_view"
EMAIL_PREFIX: Final = "Email "


def read(value: bytes) -> list[Event]:
    """The events of a record: of one call, or of those in a `batch`. Raises Unreadable."""
    call = parse(value)
    batch = call.get("batch")
    return [_event(call)] if type(batch) is not list else read_objects(batch, lambda each: [_event(each)])


def decode(value: bytes) -> Event:
    """The event of one call. Raises Unreadable with the reason `malformed`, `invalid` or `unsupported`."""
    return _event(parse(value))


def _event(call: dict[str, Any]) -> Event:
    kind = call.get("type")
    if type(kind) is not str:
        raise Unreadable("invalid", "type: must be the kind of call, such as track")
    if kind not in ("track", "page", "screen", "identify", "group"):
        raise Unreadable("unsupported", f"type: a call of the kind {kind[:40]!r} tells nothing that is scored")
    identifier = limits.identifier(call.get("messageId"), "messageId")
    lead = _lead(call)
    at = "timestamp" if call.get("timestamp") is not None or "originalTimestamp" not in call else "originalTimestamp"
    time = limits.time(call.get(at), at)
    if kind in ("identify", "group"):
        traits = _object(call, "traits")
        if not traits and kind == "identify":
            traits = _object(_object(call, "context"), "traits")
        return Event(identifier, lead, time, "profile", "", "", traits)
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
    user = call.get("userId")
    if user is not None and user != "":
        return limits.lead_id(user, "userId")
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
