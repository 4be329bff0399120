"""What the scan of a poll takes, the decoders take too, with the same meaning; what is usual it does take."""

import json
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.load import default_settings
from schemas.settings import Settings
from stream.core.events import Event, Unreadable
from stream.core.kinds import Kinds
from stream.core.partitioner import partition_of
from stream.core.signals import Reading, Signals
from stream.sources import native, segment
from stream.sources.scan import NATIVE, SEGMENT, Bounds, Records, Scanned, scan
from tests.property.test_decoders_agree import VALID, damaged, nearly_events

SIGNALS: Final = Signals(Settings.model_validate(default_settings()).observed)
NOW: Final = 1_772_357_400_000
PARTITIONS: Final = 3
KINDS: Final = Kinds(SIGNALS)
DECODERS: Final = {NATIVE: native.decode, SEGMENT: segment.decode}

TRACK: Final = {
    "type": "track",
    "messageId": "m-1",
    "userId": "ann",
    "timestamp": "2026-03-01T09:30:00.123Z",
    "event": "Signed Up",
    "properties": {"plan": "team", "seats": 25, "price": -12.5, "tags": ["a", {"b": [None, True]}], "é": "\u2028"},
    "context": {"page": {"path": "/pricing"}, "ip": "10.0.0.1"},
}
PAGE: Final = {**TRACK, "type": "page", "properties": {"path": "/pricing", "title": '"Prices" \\ né'}}


def scanned(values: list[bytes], keys: list[bytes], code: int, kinds: Kinds) -> Scanned:
    """The scan of these records, each in its right partition."""
    value_at, key_at = np.zeros(len(values) + 1, np.int64), np.zeros(len(keys) + 1, np.int64)
    np.cumsum([len(value) + 1 for value in values], out=value_at[1:])
    np.cumsum([len(key) for key in keys], out=key_at[1:])
    records = Records(
        np.frombuffer(b"\0".join(values) + bytes(9), np.uint8),
        value_at,
        np.frombuffer(b"".join(keys) + bytes(9), np.uint8),
        key_at,
        np.full(len(values), code, np.int64),
        np.array([partition_of(key, PARTITIONS) for key in keys], np.int64),
        np.full(len(values), NOW, np.int64),
    )
    return scan(records, Bounds(4_096, 600_000, PARTITIONS), kinds.table)


def decoded(value: bytes, code: int) -> Event | None:
    """The decoder's answer."""
    try:
        return DECODERS[code](value)
    except Unreadable:
        return None


def assert_same(value: bytes, code: int) -> bool:
    """If the scan takes the record, it means what the decoder says; whether it does."""
    event = decoded(value, code)
    kinds = KINDS
    key = b"ann" if event is None else event.lead.encode()
    if event is not None:
        kinds.learn(event)
    else:
        for known in (VALID, json.dumps(TRACK).encode(), json.dumps(PAGE).encode()):
            for other in DECODERS:
                learnt = decoded(known, other)
                if learnt is not None:
                    kinds.learn(learnt)
                    key = learnt.lead.encode()
    found = scanned([value], [key], code, kinds)
    if not found.taken[0]:
        return False
    assert event is not None, "the scan took what the decoder refuses"
    assert event.time - NOW <= 600_000
    table, kind = kinds.table, int(found.kind[0])
    hits = [(int(signal), 0) for signal in table.hit_signal[table.hit_at[kind] : table.hit_at[kind + 1]]]
    meant = Reading(int(found.event[0]), tuple(hits), (), bool(table.outcome[kind]), int(table.landing[kind]))
    assert meant == SIGNALS.read(event)
    assert int(found.time[0]) == event.time
    return True


@given(nearly_events())
@settings(max_examples=400, deadline=None)
@example(VALID)
@example(VALID + b" \n")
@example(b" " + VALID)
@example(VALID + b"x")
@example(VALID[:-1])
@example(VALID.replace(b'"lead"', b'"l\\u0065ad"'))
@example(VALID.replace(b"1.5", b"1.5e400"))
@example(VALID.replace(b"1.5", b"01"))
@example(VALID.replace(b"1.5", b"-"))
@example(VALID.replace(b"1.5", b"1."))
@example(VALID.replace(b"1.5", b"9223372036854775808"))
@example(VALID.replace(b"1.5", b"[1,]"))
@example(VALID.replace(b"1.5", b'{"a":1,}'))
@example(VALID.replace(b"1.5", b'"\xed\xa0\x80"'))
@example(VALID.replace(b"1.5", b'"\\ud800"'))
@example(VALID.replace(b"1.5", b"[" * 70 + b"]" * 70))
@example(VALID.replace(b'"extra":null', b'"id":"e2"'))
@example(VALID.replace(b"09:30:00.123Z", b"09:30:60.123Z"))
@example(VALID.replace(b"2026-03-01", b"2026-02-29"))
@example(VALID.replace(b"2026-03-01", b"2028-02-29"))
def test_native_records(value: bytes) -> None:
    assert_same(value, NATIVE)


@given(damaged())
@settings(max_examples=400, deadline=None)
def test_damaged_native_records(value: bytes) -> None:
    assert_same(value, NATIVE)


_someone: Final = st.sampled_from(["ann", "", None, "bo b", "é", 5, "x" * 300])
_paths: Final = st.sampled_from(["/pricing", "/", "", None, 7, "/é", "/" * 200])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", 3]),
            "userId": _someone,
            "anonymousId": _someone,
            "event": st.sampled_from(["Email Opened", "Signed Up", "", None, "x" * 150, "Email"]),
            "name": st.sampled_from(["Home", None]),
            "properties": st.one_of(
                st.none(), st.just([]), st.fixed_dictionaries({}, optional={"path": _paths, "url": _paths, "a": _paths})
            ),
            "context": st.one_of(
                st.none(),
                st.just(1),
                st.fixed_dictionaries(
                    {},
                    optional={
                        "page": st.one_of(
                            st.none(), st.just("x"), st.fixed_dictionaries({}, optional={"path": _paths})
                        ),
                        "path": _paths,
                    },
                ),
            ),
        },
    ),
    st.booleans(),
    st.integers(0, 20),
)
@settings(max_examples=600, deadline=None)
@example(TRACK, False, 0)
@example(PAGE, True, 0)
def test_segment_calls(changed: dict[str, Any], ascii_only: bool, missing: int) -> None:
    call = {**TRACK, **changed}
    if missing < len(call):
        call.pop(list(call)[missing])
    value = json.dumps(call, ensure_ascii=ascii_only, separators=(",", ":") if missing % 2 else None)
    assert_same(value.encode("utf-8", "surrogatepass"), SEGMENT)


@pytest.mark.parametrize("call", [TRACK, PAGE, {**TRACK, "userId": None, "anonymousId": "a-1"}])
def test_usual_calls_are_taken(call: dict[str, Any]) -> None:
    assert assert_same(json.dumps(call, ensure_ascii=False).encode(), SEGMENT)


def test_usual_native_events_are_taken() -> None:
    assert assert_same(VALID, NATIVE)


def test_a_record_is_left_alone_that_has_another_key_partition_size_or_time() -> None:
    kinds = Kinds(SIGNALS)
    kinds.learn(native.decode(VALID))
    assert scanned([VALID], [b"l1"], NATIVE, kinds).taken.all()
    assert not scanned([VALID], [b"l2"], NATIVE, kinds).taken.any()
    assert not scanned([VALID], [b"l"], NATIVE, kinds).taken.any()
    assert not scanned([VALID], [b""], NATIVE, kinds).taken.any()
    large = VALID[:-1] + b',"more":"' + b"x" * 4_096 + b'"}'
    ahead = VALID.replace(b"09:30:00", b"09:41:00")
    assert decoded(large, NATIVE) is not None
    found = scanned([large, ahead, VALID], [b"l1"] * 3, NATIVE, kinds)
    assert found.taken.tolist() == [False, False, True]


def test_kinds_beyond_the_tables_size_are_learnt_anew() -> None:
    kinds = Kinds(SIGNALS)
    event = native.decode(VALID)
    for number in range(70_000):
        kinds.learn(Event(event.id, event.lead, event.time, "web", "page_view", f"/p/{number}"))
    kinds.learn(event)
    assert scanned([VALID], [b"l1"], NATIVE, kinds).taken.all()


@pytest.mark.parametrize(
    ("value", "key", "code"),
    [(VALID, b"l1", NATIVE), (json.dumps(TRACK, ensure_ascii=False).encode(), b"ann", SEGMENT)],
)
def test_a_record_in_the_frame_of_schema_registry_is_taken_like_the_payload(
    value: bytes, key: bytes, code: int
) -> None:
    kinds = Kinds(SIGNALS)
    kinds.learn(DECODERS[code](value))
    starts = (b"", b"\0\0\0\0\7", b"\0\0\0", b"\1\0\0\0\7")
    bare, framed, cut, other = (scanned([start + value], [key], code, kinds) for start in starts)
    assert bare.taken.all() and framed.taken.all()
    assert (bare.event, bare.time, bare.kind) == (framed.event, framed.time, framed.kind)
    assert not cut.taken.any() and not other.taken.any()
