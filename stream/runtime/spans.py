"""From where to where partitions reach: many asked for at once, for the poll thread must not wait for each in turn."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

ANSWER_SECONDS: Final = 1.0

Place = tuple[str, int]
"""A topic, and one of its partitions by number."""


class Span(NamedTuple):
    """The first offset that is there, and the one after the last: as the client's isolation level shows them."""

    low: int
    end: int


def find_spans(
    consumer: Consumer, wanted: Sequence[TopicPartition], unanswered: list[KafkaException]
) -> dict[Place, Span]:
    """Those for which a broker answers. Why others are missing is added to `unanswered`.

    The client's answer for many is whole or none. Where there is none, each leader is asked on its own, so that a
    broker which is away holds up nothing but its own partitions. Blocks for two seconds at most where no broker
    answers, and for one more by broker that is away while others are there.
    """
    try:
        return _ask(consumer, wanted)
    except KafkaException as error:
        unanswered.append(error)
    found: dict[Place, Span] = {}
    try:
        led = _by_leader(consumer, wanted)
    except KafkaException:
        return found
    for each in led:
        if len(each) == len(wanted):  # asked for already
            continue
        try:
            found |= _ask(consumer, each)
        except KafkaException as error:
            unanswered.append(error)
    return found


def _ask(consumer: Consumer, wanted: Sequence[TopicPartition]) -> dict[Place, Span]:
    """Of every one. Raises KafkaException."""
    # By the protocol these two stand where a time would, for the first offset and for the one after the last.
    low, end = (
        consumer.offsets_for_times(
            [TopicPartition(each.topic, each.partition, which) for each in wanted], timeout=ANSWER_SECONDS
        )
        for which in (OFFSET_BEGINNING, OFFSET_END)
    )
    for each in (*low, *end):
        if each.error is not None or each.offset < 0:
            raise KafkaException(each.error or KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
    return {
        (first.topic, first.partition): Span(first.offset, last.offset) for first, last in zip(low, end, strict=True)
    }


def _by_leader(consumer: Consumer, wanted: Iterable[TopicPartition]) -> list[list[TopicPartition]]:
    """Without those that have no leader. Raises KafkaException."""
    known = consumer.list_topics(timeout=ANSWER_SECONDS).topics
    led: dict[int, list[TopicPartition]] = {}
    for each in wanted:
        partitions = known[each.topic].partitions if each.topic in known else {}
        if each.partition in partitions and partitions[each.partition].leader >= 0:
            led.setdefault(partitions[each.partition].leader, []).append(each)
    return list(led.values())
