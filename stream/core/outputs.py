"""Outputs as bytes with their CloudEvents headers (binary mode)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from schemas.cloudevents import DATA_SCHEMAS, TYPES, Kind, source_of
from schemas.records import Reason
from schemas.times import format_time
from stream.core.ids import Origin, Tick, origin_of, output_ids

Headers = list[tuple[str, bytes]]


class Output(NamedTuple):
    """A record to write."""

    kind: Kind
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


class Refused(NamedTuple):
    """An input record as it came."""

    origin: Origin
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def record_outputs(
    application: str,
    kind: Kind,
    names: Sequence[bytes],
    keys: Sequence[bytes],
    values: Sequence[bytes],
    timestamps: Sequence[int],
    times: Sequence[bytes],
    carried: Sequence[Headers],
) -> list[Output]:
    """Records of ours as outputs, by the names that their `id` gives them. `times`: the timestamps in words.
    `carried`: headers that each takes over from the record that brought it.
    """
    same = _unchanging(application, kind, "application/json")
    return [
        Output(kind, key, value, [*same, ("ce_id", name), ("ce_time", time), ("ce_subject", key), *more], timestamp)
        for name, key, value, timestamp, time, more in zip(names, keys, values, timestamps, times, carried, strict=True)
    ]


def tombstone(application: str, lead: str, tick: Tick) -> Output:
    """Takes a lead that expired out of the latest scores: readers of the compacted topic forget it."""
    key = lead.encode()
    (name,) = output_ids(application, "latest", [origin_of(key, tick)])
    headers = _cloud_event(application, "latest", name, format_time(tick.instant), "application/json")
    headers.append(("ce_subject", key))
    return Output("latest", key, None, headers, tick.instant)


def dead_letter(application: str, refused: Refused, reason: Reason, text: str, most: int) -> Output:
    """The record's own bytes, with Kafka Connect's header names, so that the tools for those read it.

    A record that came near the brokers' limit does not fit with these headers: what makes it larger than `most` bytes
    is cut off its value, and the header `leadpulse.value.bytes` tells how long it was.
    """
    origin = refused.origin
    (name,) = output_ids(application, "dead-letter", [origin_of(b"", origin._replace(part=0))])
    headers = _cloud_event(application, "dead-letter", name, format_time(refused.timestamp), "application/octet-stream")
    told = {
        "__connect.errors.topic": origin.topic,
        "__connect.errors.partition": str(origin.partition),
        "__connect.errors.offset": str(origin.offset),
        "__connect.errors.connector.name": application,
        "__connect.errors.task.id": str(origin.partition),
        "__connect.errors.stage": "VALUE_CONVERTER",
        "__connect.errors.class.name": "leadpulse",
        "__connect.errors.exception.class.name": f"leadpulse.{reason}",
        "__connect.errors.exception.message": text,
        "__connect.errors.exception.stacktrace": "",
        "leadpulse.reason": reason,
    }
    headers += [(key, value.encode()) for key, value in told.items()]
    # The record's own headers last: readers that take the last of a name still see what it came with.
    headers += refused.headers
    room = max(0, most - len(refused.key or b"") - sum(len(name) + len(content) for name, content in headers))
    value = refused.value
    if value is not None and len(value) > room:
        headers.append(("leadpulse.value.bytes", str(len(value)).encode()))
        value = value[:room]
    return Output("dead-letter", refused.key, value, headers, refused.timestamp)


def _cloud_event(application: str, kind: Kind, name: bytes, time: str, content_type: str) -> Headers:
    return [
        *_unchanging(application, kind, content_type),
        ("ce_id", name),
        ("ce_time", time.encode()),
    ]


@lru_cache
def _unchanging(application: str, kind: Kind, content_type: str) -> Headers:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_source", source_of(application).encode()),
        ("ce_type", TYPES[kind].encode()),
        ("content-type", content_type.encode()),
    ]
    schema = DATA_SCHEMAS.get(kind)
    return headers if schema is None else [*headers, ("ce_dataschema", schema.encode())]
