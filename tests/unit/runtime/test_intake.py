"""What becomes of an input record: an arrival, or a dead letter that says why and holds the record's own bytes."""

import json
from typing import Any, Final, get_args

import numpy as np
import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from schemas.events import CHANNELS
from schemas.records import Reason
from schemas.times import MINUTE, format_time, parse_time
from stream.core.ids import Origin
from stream.core.outputs import Output
from stream.core.partitioner import partition_of
from stream.core.signals import event_hash
from stream.runtime.decoding import brought
from stream.runtime.intake import Intake, Taken
from tests.unit.schemas.files import shipped

NOW = parse_time("2026-03-01T09:30:00.000Z")
PARTITIONS = 4
HOME = partition_of(b"ann", PARTITIONS)
SEGMENT = shipped(
    lambda content: content.update(topics={"formats": {"product": "segment"}}, limits={"event_bytes": 1024})
)


def event(**changed: Any) -> bytes:
    usual = {"id": "e1", "lead": "ann", "time": format_time(NOW), "type": "web", "name": "page_view"}
    return json.dumps(usual | changed).encode()


def message(value: bytes | None, **changed: Any) -> Message:
    usual: dict[str, Any] = {
        "topic": "leadpulse.web",
        "partition": HOME,
        "offset": 7,
        "key": b"ann",
        "timestamp": (TIMESTAMP_CREATE_TIME, NOW),
    }
    return Message(value=value, **(usual | changed))


def take(*messages: Message, twice: bool = False) -> Taken:
    """`twice`: after a poll of the same records, whose kinds are known then, so that the scan takes what it can."""
    intake = Intake(SEGMENT)
    if twice:
        intake.take(intake.batch(messages), PARTITIONS)
    return intake.take(intake.batch(messages), PARTITIONS)


def refusal(record: Message) -> tuple[Reason, str, Output]:
    taken = take(record, twice=True)
    assert len(taken.arrivals.time) == 0
    ((reason, letter),) = taken.refused
    headers = dict(letter.headers)
    assert headers["leadpulse.reason"] == reason.encode()
    assert letter.value == record.value()
    assert letter.key == record.key()
    return reason, headers["__connect.errors.exception.message"].decode(), letter


@pytest.mark.parametrize("twice", [False, True])
def test_a_good_record_arrives_with_its_place_and_time(twice: bool) -> None:
    taken = take(message(event()), message(event(id="e2"), offset=8), twice=twice)
    arrivals = taken.arrivals
    assert [int(name) for name in arrivals.event] == [event_hash("e1"), event_hash("e2")]
    assert arrivals.origins(np.arange(2)) == [Origin("leadpulse.web", HOME, offset) for offset in (7, 8)]
    assert arrivals.place.tolist() == [0, 1]
    assert arrivals.key == [b"ann", b"ann"]
    assert set(arrivals.timestamp.tolist()) == set(arrivals.time.tolist()) == {NOW}
    assert (arrivals.kind >= 0).all() == twice
    assert taken.refused == []


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("channel", CHANNELS)
def test_every_input_topic_is_read_in_its_format(channel: str, twice: bool) -> None:
    call = {"type": "track", "messageId": "e1", "userId": "ann", "timestamp": format_time(NOW), "event": "Login"}
    value = json.dumps(call).encode() if channel == "product" else event(type=channel, path="/pricing")
    taken = take(message(value, topic=f"leadpulse.{channel}"), twice=twice)
    said = {"web": 1, "product": 0}.get(channel, 0)
    assert (len(taken.arrivals.time), taken.empty) == (said, 1 - said)
    assert taken.refused == []


CASES: Final[list[tuple[Message, Reason, str]]] = [
    (message(None), "malformed", "a record without a value"),
    (message(b""), "malformed", ""),
    (message(b"\xff\x00"), "malformed", ""),
    (message(b'{"id": "e1"'), "malformed", ""),
    (message(b"[]"), "invalid", "an event is a JSON object, not list"),
    (message(event(lead=None)), "invalid", "lead: must be text"),
    (message(event(time="yesterday")), "invalid", "time: not an RFC 3339 time"),
    (message(event(properties={"pad": "x" * 1024})), "oversize", "limits.event_bytes is 1024"),
    (message(event(), key=None), "unkeyed", "the key must be the lead id"),
    (message(event(), key=b"bob"), "key_mismatch", "the key is b'bob', the lead 'ann'"),
    (message(event(), key=b""), "key_mismatch", "the key is b'', the lead 'ann'"),
    (message(event(), partition=(HOME + 1) % PARTITIONS), "mispartitioned", f"belongs in partition {HOME}"),
    (
        message(event(time=format_time(NOW + 10 * MINUTE + 1))),
        "future",
        "stamped 600 s after its arrival, limits.ahead is 10m",
    ),
    (
        message(json.dumps({"type": "alias", "userId": "ann"}).encode(), topic="leadpulse.product"),
        "unsupported",
        "a call of the kind 'alias'",
    ),
]


@pytest.mark.parametrize(("record", "reason", "told"), CASES)
def test_a_record_that_cannot_be_used_says_why(record: Message, reason: Reason, told: str) -> None:
    found, text, _ = refusal(record)
    assert found == reason
    assert told in text
    assert text


def test_every_reason_but_lateness_is_found_here() -> None:
    # Whether an event is late depends on its lead's state: the fold knows.
    assert {reason for _, reason, _ in CASES} == set(get_args(Reason)) - {"late"}


def test_an_event_as_far_ahead_as_allowed_arrives() -> None:
    assert len(take(message(event(time=format_time(NOW + 10 * MINUTE)))).arrivals.time) == 1


def test_an_event_as_large_as_allowed_arrives() -> None:
    empty = event(properties={"pad": ""})
    assert len(take(message(event(properties={"pad": "x" * (1024 - len(empty))})), twice=True).arrivals.time) == 1


@pytest.mark.parametrize(
    "timestamp", [(TIMESTAMP_NOT_AVAILABLE, -1), (TIMESTAMP_CREATE_TIME, 0), (TIMESTAMP_CREATE_TIME, NOW * 1000)]
)
def test_a_record_without_a_time_or_with_one_in_microseconds_has_that_of_its_event(timestamp: tuple[int, int]) -> None:
    for twice in (False, True):
        assert take(message(event(), timestamp=timestamp), twice=twice).arrivals.timestamp.tolist() == [NOW]


def test_one_bad_record_does_not_harm_its_neighbours() -> None:
    taken = take(message(event()), message(b"{", offset=8), message(event(id="e3"), offset=9))
    assert taken.arrivals.place.tolist() == [0, 2]
    assert taken.arrivals.offset.tolist() == [7, 9]
    assert [reason for reason, _ in taken.refused] == ["malformed"]


def test_a_dead_letter_is_the_record_itself_with_the_headers_of_kafka_connect() -> None:
    own = [("trace", b"1"), ("trace", b"2"), ("empty", None)]
    _, _, letter = refusal(message(b"{", headers=own))
    headers = dict(letter.headers)
    assert headers["__connect.errors.topic"] == b"leadpulse.web"
    assert headers["__connect.errors.partition"] == str(HOME).encode()
    assert headers["__connect.errors.offset"] == b"7"
    assert headers["ce_type"] == b"leadpulse.dead-letter.v1"
    assert letter.headers[-3:] == [("trace", b"1"), ("trace", b"2"), ("empty", b"")]
    assert letter.timestamp == NOW


def test_the_same_record_gives_the_same_dead_letter() -> None:
    assert refusal(message(b"{")) == refusal(message(b"{"))
    first, second = (dict(refusal(message(b"{", offset=offset))[2].headers)["ce_id"] for offset in (7, 8))
    assert first != second


def test_a_dead_letter_too_large_for_its_topic_loses_the_end_of_its_value_and_says_so() -> None:
    def small(content: dict[str, Any]) -> None:
        content["limits"] = {"dead_letter_bytes": 16_384, "event_bytes": 1024}

    value = bytes(range(1, 256)) * 100
    intake = Intake(shipped(small))
    ((reason, letter),) = intake.take(intake.batch([message(value)]), PARTITIONS).refused
    assert reason == "oversize"
    assert letter.value is not None and value.startswith(letter.value)
    assert 12_000 < len(letter.value) < 16_384
    assert dict(letter.headers)["leadpulse.value.bytes"] == str(len(value)).encode()


def test_a_record_that_no_reader_foresaw_is_a_dead_letter_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def reads(record: Message, *_: Any) -> Any:
        if record.offset() == 7:
            raise ZeroDivisionError("by nothing")
        return brought(record, *_)

    monkeypatch.setattr("stream.runtime.intake.brought", reads)
    taken = take(message(event()), message(event(id="e2"), offset=8))
    assert len(taken.arrivals.time) == 1
    ((reason, letter),) = taken.refused
    assert (reason, letter.value) == ("malformed", event())
    told = dict(letter.headers)["__connect.errors.exception.message"].decode()
    assert told == "it cannot be read: ZeroDivisionError: by nothing"
    assert "Traceback" in caplog.text
