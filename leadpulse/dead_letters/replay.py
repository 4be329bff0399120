"""Sending dead letters again: to the topic they came from, so many a second at most, each once, however often asked.

A letter and the note that it was sent are one transaction. Two replays at a time cannot be: the later one fences the
earlier. Where brokers have no transactions (`guarantee: at_least_once`) the note comes after the record, so a replay
that is killed in between sends some again; the lead's state then knows them by the event's id.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from leadpulse.dead_letters.letter import MARKER, Chosen, DeadLetter
from leadpulse.dead_letters.reading import read_letters, read_replayed
from schemas.settings import Settings
from schemas.times import format_time
from schemas.topics import TopicNames
from stream.runtime.connection import connection

OPEN_SECONDS: Final = 30.0
COMMIT_SECONDS: Final = 30.0
MOST_AT_ONCE: Final = 1_000


@dataclass
class Replayed:
    """What became of the letters that were meant, by reason. before: sent by an earlier replay. cut: the end of their
    value is missing. unkeyed: they would be refused again, whatever was mended.
    """

    sent: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    unkeyed: Counter[str] = field(default_factory=Counter)


def replay(settings: Settings, chosen: Chosen, rate: int, dry: bool = False) -> Replayed:
    """Sends them, or with `dry` only counts. `rate`: records a second. Raises KafkaException."""
    result = Replayed()
    # Fences any other replay first: what is read of its notes afterwards is all that there will be.
    sender = None if dry else Sender(settings)
    done = read_replayed(settings)
    due = _due(read_letters(settings, chosen), done, result)
    began, sent = time.monotonic(), 0
    while batch := list(islice(due, min(rate, MOST_AT_ONCE))):
        if sender is not None:
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))
            sender.send(batch)
        sent += len(batch)
        result.sent.update(letter.reason for letter in batch)
    return result


def _due(letters: Iterable[DeadLetter], done: set[str], result: Replayed) -> Iterator[DeadLetter]:
    for letter in letters:
        if letter.id in done:
            result.before[letter.reason] += 1
        elif letter.cut is not None:
            result.cut[letter.reason] += 1
        elif letter.key is None:
            result.unkeyed[letter.reason] += 1
        else:
            done.add(letter.id)
            yield letter


class Sender:
    """The one producer of a replay."""

    def __init__(self, settings: Settings) -> None:
        """Makes the topic of the notes where there is none. Raises KafkaException."""
        self._notes = TopicNames.of(settings.topics).replayed
        self._by_transactions = settings.guarantee == "exactly_once"
        self._refused: KafkaError | None = None
        make_notes(settings)
        own: dict[str, Any] = {"partitioner": "murmur2_random", "compression.type": "lz4"}
        if self._by_transactions:
            own["transactional.id"] = f"{settings.application}-dlq"
        else:
            own["enable.idempotence"] = True
        self._producer = Producer(connection(settings.kafka) | own | {"message.max.bytes": 10_000_000})
        if self._by_transactions:
            self._producer.init_transactions(OPEN_SECONDS)

    def send(self, letters: list[DeadLetter]) -> None:
        """All of them and their notes, or with transactions none. Raises KafkaException."""
        if self._by_transactions:
            self._producer.begin_transaction()
        try:
            for letter in letters:
                headers: Any = [*letter.headers, (MARKER, letter.id.encode())]
                self._produce(letter.topic, letter.value, letter.key, headers)
            if not self._by_transactions:
                self._flush()
            now = format_time(time.time_ns() // 1_000_000).encode()
            for letter in letters:
                self._produce(self._notes, now, letter.id.encode(), [])
            self._flush()
            if self._by_transactions:
                self._producer.commit_transaction(COMMIT_SECONDS)
        except KafkaException as error:
            if self._by_transactions and not error.args[0].fatal():
                self._producer.abort_transaction(COMMIT_SECONDS)
            raise

    def _produce(self, topic: str, value: bytes | None, key: bytes | None, headers: Any) -> None:
        self._producer.produce(topic, value, key, headers=headers, on_delivery=self._delivered)
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self._refused = self._refused or error

    def _flush(self) -> None:
        left = self._producer.flush(COMMIT_SECONDS)
        if self._refused is not None:
            raise KafkaException(self._refused)
        if left:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "records were not delivered"))


def make_notes(settings: Settings) -> None:
    """The topic of what was sent again: small, and compacted, so that it never forgets. Raises KafkaException."""
    topic = TopicNames.of(settings.topics).replayed
    admin = AdminClient(connection(settings.kafka))
    cluster = admin.list_topics(timeout=OPEN_SECONDS)
    if topic in cluster.topics:
        return
    if cluster.controller_id not in cluster.brokers:  # the in-process broker makes what is asked for
        admin.list_topics(topic, timeout=OPEN_SECONDS)
        return
    wanted = NewTopic(topic, 1, -1, config={"cleanup.policy": "compact"})
    try:
        admin.create_topics([wanted], operation_timeout=OPEN_SECONDS)[topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
