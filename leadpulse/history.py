"""Topics read from their beginnings to their ends as of now, as native events: the history to learn from."""

import gzip
import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.positions import Positions, Span
from schemas.settings import Format, Settings
from schemas.times import format_time
from schemas.topics import TopicNames
from stream.core.events import Event, Unreadable
from stream.runtime.connection import connection, explain
from stream.sources.formats import read_enveloped
from training.saying import Say

TIMEOUT_SECONDS: Final = 10.0
SILENT_SECONDS: Final = 30.0
BATCH: Final = 5_000
_WAIT_SECONDS: Final = 1.0


class HistoryError(Exception):
    """The topics cannot be read; the message says why and what to do."""


@dataclass
class _Progress:
    """How far the reading is. open: end offsets of the partitions that are not done."""

    spans: dict[str, dict[int, Span]]
    open: dict[tuple[str, int], int]
    records: int = 0
    events: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def write_history(settings: Settings, out: Path, say: Say) -> Positions:
    """Writes what the input topics hold now, committed records only, and returns where it stopped.

    The file appears when it is whole. Raises HistoryError, OSError.
    """
    names = TopicNames.of(settings.topics)
    formats: dict[str, Format] = {
        names.input(each): settings.topics.formats.get(each, "native") for each in settings.topics.inputs
    }
    heard: list[str] = []
    consumer = Consumer(_consumer(settings) | {"error_cb": lambda error: heard.append(explain(error))})
    try:
        cluster, progress = _begin(consumer, list(formats))
        with _appearing(out) as file:
            total = sum(span.end - span.begin for topic in progress.spans.values() for span in topic.values())
            for message in _messages(consumer, progress):
                progress.records += 1
                _write(message, formats, settings.limits.event_bytes, file, progress)
                if progress.records % BATCH == 0:
                    say(f"reading the topics: {progress.records:,} records", min(progress.records / max(total, 1), 1.0))
    except KafkaException as error:
        raise HistoryError(heard[0] if heard else explain(error)) from None
    finally:
        consumer.close()
    with out.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return Positions(
        cluster=cluster,
        topics=progress.spans,
        records=progress.records,
        events=progress.events,
        refused=dict(sorted(progress.refused.items())),
        sha256=digest,
    )


def _consumer(settings: Settings) -> dict[str, Any]:
    """A reader outside any group: nothing is committed."""
    return connection(settings.kafka) | {
        "group.id": f"{settings.application}-history",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
    }


def _begin(consumer: Consumer, topics: list[str]) -> tuple[str, _Progress]:
    """Notes every partition's first and next offset, and begins to read there."""
    cluster = consumer.list_topics(timeout=TIMEOUT_SECONDS)
    spans: dict[str, dict[int, Span]] = {}
    for topic in topics:
        found = cluster.topics.get(topic)
        if found is None or found.error is not None:
            raise HistoryError(
                f"topic {topic} does not exist, or the user may not see it: check topics in the settings"
            )
        spans[topic] = {}
        for partition in sorted(found.partitions):
            ends = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_SECONDS)
            if ends is None:
                raise HistoryError(f"topic {topic}, partition {partition}: no broker answers in time")
            spans[topic][partition] = Span(begin=ends[0], end=ends[1])
    wanted = [
        TopicPartition(topic, partition, span.begin)
        for topic, partitions in spans.items()
        for partition, span in partitions.items()
        if span.end > span.begin
    ]
    consumer.assign(wanted)
    left = {(each.topic, each.partition): spans[each.topic][each.partition].end for each in wanted}
    return cluster.cluster_id or "", _Progress(spans, left)


def _messages(consumer: Consumer, progress: _Progress) -> Iterator[Message]:
    """The records before the ends that were noted. An open transaction ends a partition sooner, which is noted too."""
    waited = 0.0
    while progress.open:
        messages = consumer.consume(BATCH, _WAIT_SECONDS)
        waited = 0.0 if messages else waited + _WAIT_SECONDS
        if waited > SILENT_SECONDS:
            silent = next(iter(progress.open))
            raise HistoryError(f"topic {silent[0]}, partition {silent[1]}: nothing came for {SILENT_SECONDS:.0f} s")
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None
            place = topic, partition
            if place not in progress.open:
                continue
            end = progress.open[place]
            if error is not None:  # the end of what is committed
                span = progress.spans[topic][partition]
                progress.spans[topic][partition] = Span(begin=span.begin, end=min(end, offset))
                del progress.open[place]
                continue
            if offset < end:
                yield message
            if offset + 1 >= end:
                del progress.open[place]


def _write(message: Message, formats: dict[str, Format], limit: int, file: IO[bytes], progress: _Progress) -> None:
    value = message.value()
    try:
        if not isinstance(value, bytes):
            raise Unreadable("malformed", "a record without a value")
        if len(value) > limit:
            raise Unreadable("oversize", f"{len(value)} bytes, the limit is {limit}")
        found = read_enveloped(formats[message.topic() or ""], value, lambda: _headers(message))
    except Unreadable as error:
        progress.refused[error.reason] += 1
        return
    for event in found:
        progress.events += 1
        file.write(native(event) + b"\n")


def native(event: Event) -> bytes:
    """The event as a line of the native format."""
    content: dict[str, Any] = {
        "id": event.id, "lead": event.lead, "time": format_time(event.time), "type": event.type
    }  # fmt: skip
    if event.type == "profile":
        return msgspec.json.encode(content | {"fields": event.properties})
    if event.type == "web":
        content["path"] = event.path
    return msgspec.json.encode(content | {"name": event.name, "properties": event.properties})


def _headers(message: Message) -> dict[str, bytes]:
    pairs: Any = message.headers() or []
    return {name.lower(): value for name, value in pairs if isinstance(value, bytes)}


@contextmanager
def _appearing(out: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is whole; equal events give equal bytes."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as plain:
            if out.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, plain, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield plain
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
