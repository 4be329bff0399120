"""Calls of the Segment specification become the events that signals match on."""

import json
from typing import Any, Final

import pytest

from schemas.times import parse_time
from stream.core.events import Unreadable
from stream.sources.segment import decode, read

BASE: Final = {"messageId": "m-1", "userId": "u-1", "timestamp": "2026-03-01T09:30:00Z"}


def call(**fields: Any) -> bytes:
    return json.dumps(BASE | fields).encode()


def reason(value: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        decode(value)
    return caught.value.reason


def test_a_track_call_is_a_product_event_of_its_name() -> None:
    event = decode(call(type="track", event="Lesson Watched", properties={"minutes": 2.5}))
    assert (event.id, event.lead, event.type, event.name) == ("m-1", "u-1", "product", "Lesson Watched")
    assert event.time == parse_time("2026-03-01T09:30:00Z")
    assert event.properties == {"minutes": 2.5}


def test_a_track_call_about_an_email_is_an_email_event() -> None:
    assert decode(call(type="track", event="Email Link Clicked")).type == "email"
    assert decode(call(type="track", event="Emailed Support")).type == "product"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"properties": {"path": "/pricing"}, "context": {"page": {"path": "/other"}}}, "/pricing"),
        ({"context": {"page": {"path": "/docs"}}, "properties": {"url": "https://example.com/other"}}, "/docs"),
        ({"properties": {"url": "https://example.com/blog/one?utm=2#top"}}, "/blog/one"),
        ({"properties": None, "context": None}, ""),
        ({}, ""),
    ],
)
def test_a_page_call_is_a_web_view_of_the_path_it_names_first(fields: dict[str, Any], path: str) -> None:
    event = decode(call(type="page", **fields))
    assert (event.type, event.name, event.path) == ("web", "page_view", path)


def test_a_page_keeps_its_own_name_among_the_properties() -> None:
    assert decode(call(type="screen", name="Home")).properties == {"name": "Home"}
    assert decode(call(type="page", name="Home", properties={"name": "mine"})).properties == {"name": "mine"}


@pytest.mark.parametrize("kind", ["identify", "group"])
def test_identify_and_group_tell_the_profile(kind: str) -> None:
    event = decode(call(type=kind, traits={"country": "DE", "employees": 40}))
    assert (event.type, event.name) == ("profile", "")
    assert event.properties == {"country": "DE", "employees": 40}


def test_a_visitor_who_is_not_known_yet_is_an_anonymous_lead() -> None:
    assert decode(call(type="page", userId=None, anonymousId="a-7")).lead == "anon:a-7"
    assert decode(call(type="page", anonymousId="a-7")).lead == "u-1"


@pytest.mark.parametrize("kind", ["alias", "delete", "Track", ""])
def test_calls_that_tell_nothing_are_unsupported(kind: str) -> None:
    assert reason(call(type=kind)) == "unsupported"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": 3},
        {"type": "track"},
        {"type": "track", "event": ""},
        {"type": "track", "event": "x", "messageId": None},
        {"type": "track", "event": "x", "messageId": "a\u0000b"},
        {"type": "track", "event": "x", "userId": None},
        {"type": "track", "event": "x", "userId": 7},
        {"type": "track", "event": "x", "userId": ""},
        {"type": "track", "event": "x", "userId": None, "anonymousId": ""},
        {"type": "track", "event": "x", "userId": None, "anonymousId": "a" * 252},
        {"type": "track", "event": "x", "timestamp": "2026-03-01 09:30:00"},
        {"type": "track", "event": "x", "timestamp": 1772357400},
        {"type": "track", "event": "x", "properties": []},
        {"type": "track", "event": "x", "properties": {"n": 2**63}},
        {"type": "page", "properties": {"path": 1}},
        {"type": "page", "properties": {"path": "/" * 2049}},
        {"type": "page", "properties": {"url": 1}},
        {"type": "page", "properties": {"url": "https://[bad"}},
        {"type": "page", "context": {"page": "x"}},
        {"type": "identify", "traits": "x"},
    ],
)
def test_calls_with_a_wrong_field_are_invalid(fields: dict[str, Any]) -> None:
    assert reason(call(**fields)) == "invalid"


@pytest.mark.parametrize("value", [b"", b"{", b'{"type":"track",}', b"\xff", b"[" * 100_000, b'{"a":NaN}'])
def test_bytes_that_are_no_json_are_malformed(value: bytes) -> None:
    assert reason(value) == "malformed"


def test_what_is_wrong_is_said_by_field() -> None:
    with pytest.raises(Unreadable, match="timestamp: not an RFC 3339 time"):
        decode(call(type="track", event="x", timestamp="yesterday"))
    with pytest.raises(Unreadable, match=r"messageId: must be text of 1 to 128 characters.*missing"):
        decode(call(type="track", event="x", messageId=None))


RUDDERSTACK: Final[dict[str, Any]] = {
    "anonymousId": "7138f7d9-5dd2-4337-805d-ca17be59dc8e",
    "channel": "web",
    "context": {"app": {"name": "RudderLabs JavaScript SDK"}, "traits": {"country": "DE"}, "page": {"path": "/test"}},
    "integrations": {"All": True},
    "messageId": "1578564113557-af022c68-429e-4af4-b99b-2b9174056383",
    "originalTimestamp": "2020-01-09T10:01:53.558Z",
    "sentAt": "2020-01-09T10:02:03.257Z",
    "userId": "",
}


def rudderstack(**fields: Any) -> bytes:
    return json.dumps(RUDDERSTACK | fields).encode()


def test_an_empty_user_of_rudderstacks_is_an_anonymous_one() -> None:
    lead = "anon:7138f7d9-5dd2-4337-805d-ca17be59dc8e"
    assert decode(rudderstack(type="page", name="Home")).lead == lead
    assert decode(rudderstack(type="track", event="Signed Up", userId="u-1")).lead == "u-1"


def test_rudderstacks_traits_may_stand_in_the_context() -> None:
    assert decode(rudderstack(type="identify")).properties == {"country": "DE"}
    assert decode(rudderstack(type="identify", traits={"country": "FR"})).properties == {"country": "FR"}
    assert decode(rudderstack(type="group")).properties == {}


def test_a_call_that_no_server_has_stamped_counts_at_its_own_time() -> None:
    assert decode(rudderstack(type="page")).time == parse_time("2020-01-09T10:01:53.558Z")
    stamped = rudderstack(type="page", timestamp="2020-01-09T15:31:54.000+05:30")
    assert decode(stamped).time == parse_time("2020-01-09T10:01:54Z")


def test_a_batch_brings_all_its_calls() -> None:
    calls = [json.loads(call(type="track", event="Signed Up")), json.loads(call(type="page", messageId="m-2"))]
    assert [event.id for event in read(json.dumps({"batch": calls}).encode())] == ["m-1", "m-2"]
    with pytest.raises(Unreadable, match="event 2 of 2: messageId"):
        read(json.dumps({"batch": [calls[0], calls[1] | {"messageId": None}]}).encode())
