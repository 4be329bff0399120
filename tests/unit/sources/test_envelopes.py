"""What may be around an event: a CloudEvent, Schema Registry's frame, or both; and what is refused of them."""

import base64
import json
from typing import Any, Final

import pytest

from schemas.settings import Format
from schemas.times import parse_time
from stream.core.events import Event, Unreadable
from stream.sources import native
from stream.sources.formats import READERS, read_enveloped
from tests.unit.sources.test_sendgrid import CLICK

EVENT: Final = {
    "id": "e1",
    "lead": "ann",
    "time": "2026-03-01T09:30:00.000Z",
    "type": "web",
    "name": "page_view",
    "path": "/pricing",
}
BINARY: Final = {
    "ce_specversion": b"1.0",
    "ce_id": b"7",
    "ce_source": b"/shop/web",
    "ce_type": b"demo_request",
    "ce_time": b"2026-03-01T09:31:00Z",
    "ce_subject": "zoë".encode(),
    "ce_channel": b"web",
    "content-type": b"application/json",
}
STRUCTURED: Final = {"content-type": b"application/cloudevents+json; charset=UTF-8"}
ENVELOPE: Final = {
    "specversion": "1.0",
    "id": "7",
    "source": "/shop/web",
    "type": "demo_request",
    "time": "2026-03-01T09:31:00Z",
    "subject": "zoë",
    "channel": "web",
}
FILLED: Final = Event("/shop/web 7", "zoë", parse_time("2026-03-01T09:31:00Z"), "web", "demo_request")


def framed(payload: bytes, number: int = 42) -> bytes:
    return b"\0" + number.to_bytes(4) + payload


def read(value: bytes, headers: dict[str, bytes] | None = None, format: Format = "native") -> list[Event]:
    return list(read_enveloped(format, value, lambda: headers or {}))


def refusal(value: bytes, headers: dict[str, bytes] | None = None, format: Format = "native") -> tuple[str, str]:
    with pytest.raises(Unreadable) as caught:
        read(value, headers, format)
    return caught.value.reason, str(caught.value)


def encoded(content: Any) -> bytes:
    return json.dumps(content).encode()


def test_what_a_native_event_leaves_out_the_attributes_say() -> None:
    assert read(b"{}", BINARY) == [FILLED]
    assert read(encoded({"path": "/demo", "lead": None}), BINARY)[0].path == "/demo"


@pytest.mark.parametrize("field", ["id", "lead", "time", "type", "name"])
def test_what_the_event_says_itself_counts(field: str) -> None:
    own = {field: EVENT[field]}
    expected = native.decode(
        encoded(ENVELOPE | {"id": FILLED.id, "lead": "zoë", "name": "demo_request", "type": "web"} | own)
    )
    assert read(encoded(own), BINARY) == [expected]


def test_ids_of_two_sources_do_not_meet() -> None:
    other = BINARY | {"ce_source": b"/shop/app"}
    assert read(b"{}", BINARY)[0].id != read(b"{}", other)[0].id


def test_an_event_that_is_whole_is_taken_as_it_stands_whatever_its_headers() -> None:
    assert read(encoded(EVENT), BINARY) == read(encoded(EVENT)) == [native.decode(encoded(EVENT))]


def test_headers_are_not_asked_for_where_the_value_is_whole() -> None:
    def headers() -> dict[str, bytes]:
        raise AssertionError("asked")

    assert read_enveloped("native", encoded(EVENT), headers)


@pytest.mark.parametrize(
    "data",
    [
        {"data": {"path": ""}},
        {"data_base64": base64.b64encode(b'{"path": ""}').decode()},
    ],
)
def test_a_structured_event_is_the_same_as_a_binary_one(data: dict[str, Any]) -> None:
    assert read(encoded(ENVELOPE | data), STRUCTURED) == [FILLED]


def test_the_data_may_be_in_any_format() -> None:
    structured = ENVELOPE | {"data": [CLICK]}
    assert read(encoded(structured), STRUCTURED, "sendgrid") == READERS["sendgrid"](encoded([CLICK]))
    assert read(encoded([CLICK]), BINARY, "sendgrid") == READERS["sendgrid"](encoded([CLICK]))


def test_the_frame_of_schema_registry_is_taken_off() -> None:
    assert read(framed(encoded(EVENT))) == [native.decode(encoded(EVENT))]
    assert read(framed(encoded([CLICK])), format="sendgrid") == READERS["sendgrid"](encoded([CLICK]))
    assert read(framed(b"{}"), BINARY) == [FILLED]


@pytest.mark.parametrize("payload", [b"\x02\x06ann", b"\x00\x0a\x03ann", b" \n\x08"])
def test_avro_and_protobuf_are_refused_with_what_to_do(payload: bytes) -> None:
    reason, text = refusal(framed(payload))
    assert reason == "unsupported"
    assert "(schema 42)" in text and "Avro and Protobuf are not read" in text


@pytest.mark.parametrize(
    ("value", "headers", "reason", "told"),
    [
        (framed(b'{"id":'), {}, "malformed", ""),
        (framed(b"{}"), {}, "invalid", "type"),
        (b"\0\0\0", {}, "malformed", ""),
        (b"{}", BINARY | {"ce_specversion": b"0.3"}, "unsupported", "'0.3'"),
        (b"{}", {key: value for key, value in BINARY.items() if key != "ce_subject"}, "invalid", "lead"),
        (b"{}", BINARY | {"ce_time": b"yesterday"}, "invalid", "time"),
        (b"{}", BINARY | {"ce_source": b"\xff"}, "invalid", "not UTF-8"),
        (b"\x02\x06", BINARY | {"content-type": b"application/avro"}, "unsupported", "'application/avro'"),
        (b"{", BINARY, "malformed", ""),
        (b"[]", BINARY, "invalid", "list"),
        (encoded(ENVELOPE), STRUCTURED, "invalid", "data: a CloudEvent without data"),
        (encoded(ENVELOPE | {"specversion": None, "data": {}}), STRUCTURED, "unsupported", "specversion"),
        (encoded(ENVELOPE | {"data_base64": "%%"}), STRUCTURED, "invalid", "Base64"),
        (encoded(ENVELOPE | {"data_base64": 7}), STRUCTURED, "invalid", "Base64"),
        (b"[]", {"content-type": b"application/cloudevents-batch+json"}, "unsupported", "one CloudEvent a record"),
    ],
)
def test_what_cannot_be_opened_says_why(value: bytes, headers: dict[str, bytes], reason: str, told: str) -> None:
    found, text = refusal(value, headers)
    assert found == reason
    assert told in text
