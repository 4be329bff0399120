"""Row 10: records that cannot be used, of every kind, among good ones."""

import json
import random
from collections.abc import Callable
from typing import Final

from schemas.times import MINUTE, format_time
from stream.core.partitioner import partition_of
from tests.faults.load import Injected, good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.deployment import PARTITIONS
from tests.integration.topics import Sent
from tests.integration.traffic import Arrival, traffic, wire

RATE: Final = 2_000
EVENT_BYTES: Final = 4_096
HEADERS: Final = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("odd", b"\xff\x00")]

Spoil = Callable[[Sent, Arrival], Sent]


def _value(record: Sent, value: bytes | None) -> Sent:
    return record._replace(value=value)


def _padded(record: Sent, each: Arrival, size: int) -> Sent:
    return _value(record, wire({**each.event, "type": "web", "properties": {"text": "x" * size}}))


def _stamped(record: Sent, each: Arrival, text: str) -> Sent:
    stamp = format_time(each.event["time"]).encode()
    return _value(record, (record.value or b"").replace(stamp, text.encode()))


KINDS: Final[tuple[tuple[str, Spoil], ...]] = (
    ("oversize", lambda record, each: _padded(record, each, EVENT_BYTES)),
    ("oversize", lambda record, each: _padded(record, each, 700_000)),
    ("malformed", lambda record, _: _value(record, b'{"id": "e", \xff\xfe')),
    ("malformed", lambda record, _: _value(record, (record.value or b"")[:-9])),
    ("malformed", lambda record, _: _value(record, b"")),
    ("malformed", lambda record, _: _value(record, None)),
    ("malformed", lambda record, _: _value(record, b"\x1f\x8b\x08 no gzip, no JSON")),
    ("malformed", lambda record, _: _value(record, b"[" * 4_000)),
    ("invalid", lambda record, _: _value(record, b"[1, 2]")),
    ("invalid", lambda record, _: _value(record, b"null")),
    ("invalid", lambda record, _: _value(record, b"{}")),
    ("invalid", lambda record, _: _value(record, json.dumps({"id": "e", "lead": "x", "type": "?"}).encode())),
    ("invalid", lambda record, each: _stamped(record, each, "1970-01-01T00:00:00.000Z")),
    ("future", lambda record, each: _stamped(record, each, format_time(each.timestamp + 11 * MINUTE))),
    ("unkeyed", lambda record, each: record._replace(key=None, partition=_home(each))),
    ("key_mismatch", lambda record, _: record._replace(key=b"\xff" + (record.key or b""))),
    ("mispartitioned", lambda record, each: record._replace(partition=(_home(each) + 1) % PARTITIONS)),
)


def _home(each: Arrival) -> int:
    return partition_of(each.event["lead"].encode(), PARTITIONS)


def spoilt(topic: str, each: Arrival, reason: str, spoil: Spoil) -> Injected:
    """What was to be an event, and is a dead letter now."""
    (whole,) = good(topic, [each])
    return Injected(spoil(whole.record._replace(headers=HEADERS), each), None, reason)


def among_good_records(given: Conditions) -> Played:
    """One record in twenty cannot be used, evenly of every kind; now and then a whole poll of them."""
    choose = random.Random(10)
    with Stage(given, "poison", limits={"event_bytes": EVENT_BYTES}) as stage:
        arrivals = traffic(seed=10, leads=given.choose(5_000, 1_500), events=given.choose(40_000, 12_000))
        records = good(stage.topic, arrivals)
        bad = 0
        for place in range(len(records)):
            if choose.random() < 0.05 or 6_000 <= place < 7_000:
                records[place] = spoilt(stage.topic, arrivals[place], *KINDS[bad % len(KINDS)])
                bad += 1
        worker = stage.worker()
        worker.start_ready()
        stage.load(records, RATE).finish()
        stage.recover(worker)
        stage.settle(worker)
        refused = stage.watch.grown("leadpulse_dead_letters_total")
        stage.shows("leadpulse_dead_letters_total", refused, refused == bad)
        return stage.played()
