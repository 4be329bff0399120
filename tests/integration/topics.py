"""Writing input topics as producers do, and reading output topics as subscribers do."""

import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from stream.runtime import partition_row
from stream.runtime.partition_row import PartitionRow
from tests.contracts.conformity import assert_fits
from tests.integration.deployment import Broker
from tests.oracle.decisions import Trigger

Ends = dict[tuple[str, int], int]
"""Next offset by topic and partition."""


class Sent(NamedTuple):
    """A record to write. partition: None leaves it to the partitioner that the contract names."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: list[tuple[str, bytes]] | None = None
    partition: int | None = None


class Record(NamedTuple):
    """A record as read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]

    @property
    def content(self) -> Any:
        assert self.value is not None
        return json.loads(self.value)


class Input:
    """A producer of input records, which remembers where they went."""

    def __init__(self, broker: Broker) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": broker.bootstrap,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "enable.idempotence": True,
            }
        )
        self.ends: Ends = {}

    def send(self, records: Sequence[Sent], rate: float = float("inf")) -> list[Trigger]:
        """Writes them in order, at most `rate` a second; returns where each of them lies."""
        found: list[Trigger | None] = [None] * len(records)
        began = time.monotonic()
        for place, record in enumerate(records):
            if place % 50 == 0:
                time.sleep(max(0.0, began + place / rate - time.monotonic()))
                self._producer.poll(0)
            self._produce(record, found, place)
        assert self._producer.flush(60) == 0
        landed = [trigger for trigger in found if trigger is not None]
        assert len(landed) == len(records)
        for trigger in landed:
            end = self.ends.get((trigger.topic, trigger.partition), 0)
            self.ends[trigger.topic, trigger.partition] = max(end, trigger.offset + 1)
        return landed

    def _produce(self, record: Sent, found: list[Trigger | None], place: int) -> None:
        def landed(error: KafkaError | None, message: Message) -> None:
            assert error is None, error
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None
            found[place] = Trigger(topic, partition, offset)

        fixed: dict[str, Any] = {} if record.partition is None else {"partition": record.partition}
        headers: Any = record.headers or []
        while True:
            try:
                self._producer.produce(
                    record.topic, record.value, record.key,
                    timestamp=record.timestamp, headers=headers, on_delivery=landed, **fixed,
                )  # fmt: skip
                return
            except BufferError:
                self._producer.poll(0.1)


class Reader:
    """Follows one topic from its beginning, committed records only."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.records: list[Record] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": "tests",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
            }
        )
        known = self._partitions(topic)
        self._open = set(known)
        self._consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in known])

    def _partitions(self, topic: str) -> list[int]:
        """All of them: right after a topic was made, a broker may know it without its partitions."""
        deadline = time.monotonic() + 20
        while True:
            found = self._consumer.list_topics(topic, timeout=10).topics[topic]
            if found.error is None and found.partitions and all(each.leader >= 0 for each in found.partitions.values()):
                return list(found.partitions)
            assert time.monotonic() < deadline, f"{topic}: no partitions ({found.error})"
            time.sleep(0.1)

    def read(self, seconds: float = 0.2) -> list[Record]:
        """What has come since the last call, after waiting this long for more."""
        before = len(self.records)
        for message in self._consumer.consume(20_000, seconds):
            self._take(message)
        return self.records[before:]

    def read_to_end(self) -> list[Record]:
        """Everything up to the end of every partition."""
        deadline = time.monotonic() + 60
        while self._open:
            assert time.monotonic() < deadline, "the topic has no end: a transaction is open"
            self.read()
        return self.records

    def close(self) -> None:
        self._consumer.close()

    def _take(self, message: Message) -> None:
        partition, error = message.partition(), message.error()
        assert partition is not None
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            self._open.discard(partition)
            return
        topic, offset, key, value = message.topic(), message.offset(), message.key(), message.value()
        assert topic is not None and offset is not None
        assert not isinstance(key, str)
        assert not isinstance(value, str)
        headers: Any = message.headers() or []
        self.records.append(Record(topic, partition, offset, key, value, headers))


def read_all(broker: Broker, topic: str) -> list[Record]:
    """Everything that a subscriber sees in a topic now; each record must be what its published schema says."""
    records = read_as_it_is(broker, topic)
    for record in records:
        assert_fits(record.topic, record.value, record.headers)
    return records


def read_as_it_is(broker: Broker, topic: str) -> list[Record]:
    """Everything that a subscriber sees in a topic now, whatever its content."""
    reader = Reader(broker, topic)
    try:
        return reader.read_to_end()
    finally:
        reader.close()


def partition_rows(changelog: Sequence[Record]) -> dict[int, PartitionRow]:
    """The newest partition row of each partition."""
    return {
        record.partition: partition_row.decode(record.value)
        for record in changelog
        if record.key == partition_row.KEY and record.value is not None
    }
