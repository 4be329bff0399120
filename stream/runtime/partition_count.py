"""For how many partitions the state was made, as the changelog's own rows say, whichever partition they are of."""

import time
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.settings import Settings
from stream.runtime import partition_row
from stream.runtime.connection import changelog_consumer
from stream.runtime.partition_row import PartitionRowError
from stream.runtime.spans import Place, Span, find_spans

TAIL: Final = 256
GROWTH: Final = 64
READ_SECONDS: Final = 10.0


def stored_count(settings: Settings, changelog: str, partitions: int) -> int | None:
    """None while there is no partition row, or none that says it. Raises KafkaException.

    Any row of any partition will do, for a worker goes on with none that was made for another number. A commit ends
    with the partition row, so one lies in the tail of every partition that has any; only rows that were rolled back,
    or a worker that died in an epoch of at least once, can come after it in numbers.
    """
    reader = Consumer(changelog_consumer(settings, "read_committed"))
    try:
        unanswered: list[KafkaException] = []
        wanted = [TopicPartition(changelog, number) for number in range(partitions)]
        spans = {place: span for place, span in find_spans(reader, wanted, unanswered).items() if span.low < span.end}
        tail, longest = TAIL, max([span.end - span.low for span in spans.values()], default=0)
        row = _row_in_tails(reader, spans, tail) if spans else None
        while row is None and tail < longest:
            tail *= GROWTH
            row = _row_in_tails(reader, spans, tail)
        if row is None and unanswered:
            raise unanswered[0]
        return _count(row)
    finally:
        reader.close()


def _row_in_tails(reader: Consumer, spans: dict[Place, Span], tail: int) -> bytes | None:
    """The first partition row among the last so many offsets of each. Raises KafkaException."""
    left = set(spans)
    reader.assign([TopicPartition(*place, max(span.low, span.end - tail)) for place, span in spans.items()])
    deadline = time.monotonic() + READ_SECONDS
    while left:
        if time.monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        for message in reader.consume(1_000, 0.05):
            if message.error() is not None:
                left -= _ended(message)
            elif message.key() == partition_row.KEY:
                value = message.value()
                assert isinstance(value, bytes)
                return value
    return None


def _ended(message: Message) -> set[Place]:
    error, topic, partition = message.error(), message.topic(), message.partition()
    assert error is not None
    if error.fatal() or error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise KafkaException(error)
    if error.code() != KafkaError._PARTITION_EOF:
        return set()
    assert topic is not None and partition is not None
    return {(topic, partition)}


def _count(row: bytes | None) -> int | None:
    try:
        return (row and partition_row.decode(row).partitions) or None
    except PartitionRowError:  # the worker that comes to restore it says so
        return None
