"""The native format, decoded: the same verdict as `schemas.events.EVENT` on the same bytes, at a fraction of its cost.

The bytes become plain objects and the fields are checked by hand. Structs decode no faster, skip unknown fields without
looking into them, and judge each of two equal keys, where the contract judges the last.
"""

from typing import Annotated, Any, Final

import msgspec

from schemas.events import CHANNELS, MAX_INTEGER, portable
from stream.core.events import Event, EventType, Unreadable
from stream.sources import limits

_TYPES: Final[dict[str, EventType]] = {
    **{channel: channel for channel in CHANNELS},
    "profile": "profile",
    "outcome": "outcome",
}

# Nearly every event fits these types, which the parser checks in passing: numbers within 64 bits, little nesting.
_Scalar = str | Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)] | float | bool | None
_Inner = _Scalar | list[_Scalar] | dict[str, _Scalar]
_Middle = _Scalar | list[_Inner] | dict[str, _Inner]
_Outer = _Scalar | list[_Middle] | dict[str, _Middle]

_parse_usual: Final = msgspec.json.Decoder(dict[str, _Outer]).decode
_parse_any: Final = msgspec.json.Decoder().decode


def parse(value: bytes) -> dict[str, Any]:
    """The object that the bytes hold, with nothing in it but what JSON's readers agree on. Raises Unreadable."""
    try:
        return _parse_usual(value)
    except msgspec.ValidationError:
        return _parse_unusual(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("malformed", str(error)) from None
    except RecursionError:
        raise Unreadable("malformed", "nested too deeply") from None


def parse_json(value: bytes) -> Any:
    """Whatever JSON the bytes hold, with nothing in it but what JSON's readers agree on. Raises Unreadable."""
    try:
        return portable(_parse_any(value))
    except msgspec.ValidationError as error:
        raise Unreadable("invalid", f"a number that readers do not agree on: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("malformed", str(error)) from None
    except RecursionError:
        raise Unreadable("malformed", "nested too deeply") from None
    except ValueError as error:
        raise Unreadable("invalid", str(error)) from None


def _parse_unusual(value: bytes) -> dict[str, Any]:
    content = parse_json(value)
    if type(content) is not dict:
        raise Unreadable("invalid", f"an event is a JSON object, not {type(content).__name__}")
    found: dict[str, Any] = content
    return found


def decode(value: bytes) -> Event:
    """The event. Raises Unreadable with the reason `malformed` or `invalid`."""
    content = parse(value)
    get = content.get
    named = get("type")
    kind = _TYPES.get(named) if type(named) is str else None
    if kind is None:
        raise Unreadable("invalid", f"type: no kind of event is called {str(named)[:40]!r}")
    identifier = limits.identifier(get("id"), "id")
    lead = limits.lead_id(get("lead"), "lead")
    time = limits.time(get("time"), "time")
    if kind == "profile":
        return Event(identifier, lead, time, kind, "", "", limits.mapping(get("fields"), "fields"))
    name = limits.name(get("name"), "name")
    path = limits.path(get("path", ""), "path") if kind == "web" else ""
    return Event(identifier, lead, time, kind, name, path, limits.mapping(get("properties", {}), "properties"))
