"""The native decoder gives the verdict of the contract, `schemas.events.EVENT`, on any bytes, and the same content."""

import json
import re
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.events import EVENT, MAX_DEPTH, MAX_ID, MAX_INTEGER, MAX_LEAD, MAX_NAME, MAX_PATH
from schemas.times import parse_time
from stream.core.events import Event, Unreadable
from stream.sources.native import decode
from stream.sources.stamps import stamp

TYPES: Final = ("web", "email", "product", "crm", "intent", "profile", "outcome")
FIELDS: Final = ("id", "lead", "time", "type", "name", "path", "properties", "fields", "extra")

CONTESTED: Final = re.compile(rb"NaN|Infinity|[eE][+-]?[0-9]{2,}|[0-9]{300}")

VALID: Final = (
    b'{"id":"e1","lead":"l1","time":"2026-03-01T09:30:00.123Z","type":"web","name":"page_view","path":"/pricing",'
    b'"properties":{"minutes":1.5,"new":true},"extra":null}'
)

_texts: Final = st.one_of(
    st.sampled_from(["", "a", "\x00", "\x1f", "\x7f", "\xa0", "\u2028", "a\n", "\U0001f600", "x" * (MAX_ID + 1)]),
    st.sampled_from([size * "ä" for size in (MAX_ID, MAX_LEAD, MAX_LEAD + 1, MAX_NAME, MAX_NAME + 1)]),
    st.sampled_from(["/" * MAX_PATH, "/" * (MAX_PATH + 1), *TYPES]),
    st.text(max_size=12),
)
_numbers: Final = st.one_of(
    st.integers(-10, 10),
    st.sampled_from([MAX_INTEGER, MAX_INTEGER + 1, -MAX_INTEGER, -MAX_INTEGER - 1, 2**64, 10**30]),
    st.floats(),
)
_values: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), _numbers, _texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def stamps(draw: st.DrawFn) -> str:
    """Times, some of which do not exist or lie outside the years allowed."""
    year, month, day = draw(st.integers(1998, 2201)), draw(st.integers(0, 13)), draw(st.integers(0, 32))
    hour, minute, second = draw(st.integers(0, 24)), draw(st.integers(0, 60)), draw(st.integers(0, 60))
    fraction = draw(st.sampled_from(["", ".0", ".123", ".999", ".123456789", ".1234567890", ".", ".१२३"]))
    zone = draw(st.sampled_from(["Z", "Z", "Z", "z", "+00:00", "-23:59", "+24:00", "", "Z ", "Z\n"]))
    between = draw(st.sampled_from(["T", "T", "T", " ", "t"]))
    return f"{year:04d}-{month:02d}-{day:02d}{between}{hour:02d}:{minute:02d}:{second:02d}{fraction}{zone}"


@st.composite
def nearly_events(draw: st.DrawFn) -> bytes:
    """An event, most of whose fields are right, as JSON in one of several spellings."""
    usual = {
        "id": st.text("abc-1", min_size=1, max_size=8),
        "lead": st.text("abc-1", min_size=1, max_size=8),
        "time": stamps(),
        "type": st.sampled_from(TYPES),
        "name": st.sampled_from(["page_view", "x"]),
        "path": st.sampled_from(["", "/pricing"]),
        "properties": st.dictionaries(st.text(max_size=3), _values, max_size=3),
        "fields": st.dictionaries(st.text(max_size=3), _values, max_size=3),
        "extra": _values,
    }
    pairs = []
    for name in draw(st.permutations(FIELDS)):
        if draw(st.integers(0, 30)) > 0:
            pairs.append((name, draw(usual[name])))
        if draw(st.integers(0, 30)) == 0:
            pairs.append((name, draw(st.one_of(_values, _texts))))
    ascii_only = draw(st.booleans())
    body = ",".join(f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=ascii_only)}" for name, value in pairs)
    return f"{{{body}}}".encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid event with some bytes changed, removed or put in."""
    value = bytearray(VALID)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(value)))
        put = draw(
            st.one_of(st.binary(max_size=2), st.sampled_from([b"NaN", b"-Infinity", b"1e999", b"\\ud800", b"{"]))
        )
        value[at : at + draw(st.integers(0, 2))] = put
    return bytes(value)


def _with(field: str, text: bytes) -> bytes:
    return VALID[:-1] + b',"' + field.encode() + b'":' + text + b"}"


@given(nearly_events())
@settings(max_examples=800)
@example(VALID)
@example(_with("properties", b'{"a":NaN}'))
@example(_with("extra", b"NaN"))
@example(_with("extra", b"[-Infinity]"))
@example(_with("extra", b"1e400"))
@example(_with("extra", b"9223372036854775808"))
@example(_with("properties", b'{"a":-9223372036854775808}'))
@example(_with("properties", b'{"a":9223372036854775807}'))
@example(_with("extra", b"1" * 5000))
@example(_with("extra", b'"\\ud800"'))
@example(_with("extra", b'"\\udc00x"'))
@example(_with("extra", b'"\xed\xa0\x80"'))
@example(_with("extra", b'"\x01"'))
@example(_with("id", b'"a\\u0000b"'))
@example(_with("id", b'"caf\xc3\xa9\xc2\xa0"'))
@example(_with("id", b"5"))
@example(_with("type", b"[]"))
@example(_with("type", b"{}"))
@example(_with("type", b'"outcome"'))
@example(_with("properties", b"null"))
@example(_with("time", b'"2026-02-29T00:00:00Z"'))
@example(_with("time", b'"2026-03-01T09:30:60Z"'))
@example(_with("extra", b"[" * MAX_DEPTH + b"]" * MAX_DEPTH))
@example(_with("extra", b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)))
@example(_with("properties", b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH))
@example(_with("extra", b"[" * 100_000))
@example(_with("extra", b"[" * 100_000 + b"]" * 100_000))
@example(b'{"id":5,' + VALID[1:])
@example(b'{"type":"crm",' + VALID[1:])
@example(b'{"type":7,' + VALID[1:])
@example(b"\xef\xbb\xbf" + VALID)
@example(VALID + b" ")
@example(VALID + b"x")
@example(b"")
@example(b"[]")
@example(b"null")
@example(b'"text"')
def test_the_decoder_and_the_contract_agree_on_events_and_near_events(value: bytes) -> None:
    assert_agreement(value)


@given(damaged())
@settings(max_examples=800)
def test_the_decoder_and_the_contract_agree_on_damaged_events(value: bytes) -> None:
    assert_agreement(value)


@given(st.one_of(st.binary(max_size=40), _values.map(lambda value: json.dumps(value).encode())))
@settings(max_examples=300)
def test_the_decoder_and_the_contract_agree_on_other_bytes(value: bytes) -> None:
    assert_agreement(value)


@given(stamps())
@settings(max_examples=800)
@example("2000-01-01T00:00:00Z")
@example("1999-12-31T23:59:59.999Z")
@example("2199-12-31T23:59:59.999Z")
@example("2200-01-01T00:00:00Z")
@example("2024-02-29T23:59:59.9Z")
def test_the_fast_reading_of_times_is_the_reference(text: str) -> None:
    assert _milliseconds(stamp, text) == _milliseconds(parse_time, text)


def assert_agreement(value: bytes) -> None:
    """Both accept the bytes as the same event, or both refuse them, where the text is no JSON for the same reason."""
    wanted, found = _contract(value), _decoder(value)
    if isinstance(wanted, str) and isinstance(found, str):
        # Bytes may be wrong twice; and NaN, 1e999 or deep nesting is no JSON to one parser, forbidden to the other.
        assert wanted == found or CONTESTED.search(value) or _is_deep(value)
    else:
        assert wanted == found


def _contract(value: bytes) -> dict[str, Any] | str:
    try:
        event = EVENT.validate_json(value)
    except ValidationError as error:
        return "malformed" if error.errors()[0]["type"] == "json_invalid" else "invalid"
    return {
        "id": event.id,
        "lead": event.lead,
        "time": parse_time(event.time),
        "type": event.type,
        "name": getattr(event, "name", ""),
        "path": getattr(event, "path", ""),
        "properties": repr(event.fields if event.type == "profile" else event.properties),
    }


def _decoder(value: bytes) -> dict[str, Any] | str:
    try:
        event = decode(value)
    except Unreadable as error:
        return error.reason
    assert isinstance(event, Event)
    return {name: getattr(event, name) for name in ("id", "lead", "time", "type", "name", "path")} | {
        "properties": repr(event.properties)
    }


def _is_deep(value: bytes) -> bool:
    return value.count(b"[") + value.count(b"{") > MAX_DEPTH


def _milliseconds(read: Any, text: str) -> int | None:
    try:
        return int(read(text))
    except ValueError:
        return None
