"""Reading a topic once, from a time on to its end as of now, as a subscriber would."""

import time
from collections.abc import Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from leadpulse.dead_letters.letter import Chosen, DeadLetter, read_letter
from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.connection import connection

ANSWER_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 30.0
BATCH: Final = 1_000


def read_letters(settings: Settings, chosen: Chosen) -> Iterator[DeadLetter]:
    """Those that are meant, partition by partition in the order of arrival. Raises KafkaException."""
    for message in read_topic(settings, TopicNames.of(settings.topics).dead_letters, chosen.since):
        letter = read_letter(message)
        if letter is not None and chosen.has(letter):
            yield letter


def read_replayed(settings: Settings) -> set[str]:
    """Ids of the dead letters that were sent again. Raises KafkaException."""
    found = set()
    for message in read_topic(settings, TopicNames.of(settings.topics).replayed):
        key = message.key()
        if isinstance(key, bytes):
            found.add(key.decode())
    return found


def read_topic(settings: Settings, topic: str, since: int = 0) -> Iterator[Message]:
    """Its committed records; nothing where there is no such topic. `since`: in ms; of what is older some may come."""
    consumer = Consumer(
        connection(settings.kafka)
        # Nothing is committed, but readers belong to a group: one that the worker's own ACL allows.
        | {"group.id": f"{settings.application}-dlq", "enable.auto.commit": False}
        | {"isolation.level": "read_committed", "auto.offset.reset": "error", "enable.partition.eof": True}
    )
    try:
        known = consumer.list_topics(timeout=ANSWER_SECONDS).topics.get(topic)
        if known is None:
            return
        if known.error is not None:
            raise KafkaException(known.error)
        left = {place.partition for place in _begin(consumer, topic, [*known.partitions], since)}
        heard = time.monotonic()
        while left:
            messages = consumer.consume(BATCH, 0.2)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"topic {topic} has no end: is a broker away?"))
            for message in messages:
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition() or 0)
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()


def _begin(consumer: Consumer, topic: str, partitions: list[int], since: int) -> list[TopicPartition]:
    """Assigns those partitions that have anything."""
    places = []
    for partition in partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS)
        if low < high:
            places.append(TopicPartition(topic, partition, low))
    if since > 0 and places:
        asked = [TopicPartition(topic, place.partition, since) for place in places]
        found = consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS)
        places = [place for place in found if place.offset >= 0]
    consumer.assign(places)
    return places
