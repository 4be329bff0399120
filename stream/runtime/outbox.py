"""One producer, and what becomes of the records of one epoch in it."""

import time
from threading import Lock, Thread
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from schemas.cloudevents import Kind
from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime import partition_row
from stream.runtime.epoch import Epoch
from stream.runtime.outcomes import Broken, is_purged
from stream.runtime.store import Marker, Store

AT_ONCE: Final = 2_048
"""So many lead rows are handed to the client together."""


class Outbox:
    """Turns an epoch into records."""

    def __init__(self, settings: Settings, configuration: dict[str, Any], *, watch_rows: bool) -> None:
        """`watch_rows`: every lead row's delivery is looked at. Costs a call for each; in a transaction the commit
        itself fails where one was not delivered.
        """
        names = TopicNames.of(settings.topics)
        self._topics: dict[Kind, str] = {
            "change": names.changes,
            "latest": names.latest,
            "alert": names.alerts,
            "dead-letter": names.dead_letters,
        }
        self._changelog = names.changelog
        self._inputs = {names.input(channel) for channel in settings.topics.inputs}
        self._watch_rows = watch_rows
        self._reports = _Reports()
        self._deadline = 0.0
        self._keeping = Lock()
        self._discarded = False
        self.producer = Producer(configuration)

    @property
    def failed(self) -> KafkaError | None:
        """The first refusal of a record of this epoch."""
        return self._reports.failed

    @property
    def refused_by(self) -> str:
        """The topic that refused it."""
        return self._reports.topic

    def begin(self, deadline: float) -> None:
        """A new epoch, to be delivered until then (monotonic, in s): no report of one before counts for it."""
        self._reports = _Reports()
        self._deadline = deadline

    def produce_outputs(self, epoch: Epoch) -> None:
        """Changes, latest scores, alerts, dead letters. Raises KafkaException and BufferError."""
        for output in epoch.outputs:
            headers: Any = output.headers
            while True:
                try:
                    self.producer.produce(
                        self._topics[output.kind], output.value, output.key,
                        headers=headers, timestamp=output.timestamp, on_delivery=self._reports.delivered,
                    )  # fmt: skip
                    break
                except BufferError:
                    self._expect_delivery()
                    self.producer.poll(0.1)

    def produce_rows(self, epoch: Epoch) -> None:
        """Each partition's lead rows, then its own, the partition row last. Raises KafkaException and BufferError."""
        watch = self._reports.delivered if self._watch_rows else None
        for partition, share in epoch.shares.items():
            assert share.row is not None
            rows = [*share.rows.items()]
            for first in range(0, len(rows), AT_ONCE):
                # A batch takes three quarters of the CPU that as many calls of `produce` do.
                records: list[Any] = [{"key": lead, "value": row} for lead, row in rows[first : first + AT_ONCE]]
                if self.producer.produce_batch(self._changelog, records, partition, watch) < len(records):
                    raise KafkaException(next(each["_error"] for each in records if "_error" in each))
            if len(self.producer) > 100_000:
                self.producer.poll(0)
            if share.definitions is not None:
                self.producer.produce(
                    self._changelog, share.definitions, partition_row.DEFINITIONS_KEY, partition=partition,
                    on_delivery=self._reports.delivered,
                )  # fmt: skip
            self.producer.produce(
                self._changelog, partition_row.encode(share.row), partition_row.KEY, partition=partition,
                on_delivery=self._reports.delivered_last,
            )  # fmt: skip

    def wait(self) -> None:
        """Until all is delivered. Raises KafkaException for the first refusal, or when the deadline is over."""
        while len(self.producer) and self.failed is None:
            self._expect_delivery()
            self.producer.flush(1.0)
        if self.failed is not None:
            raise KafkaException(self.failed)

    def keep(self, epoch: Epoch, store: Store) -> None:
        """Writes the delivered rows to the local store, all or nothing. Raises StoreError, and Broken after `discard`:
        by then others may have written what comes later.
        """
        with self._keeping:
            if self._discarded:
                raise Broken("the producer was given up before its commit returned")
            written = {}
            for partition, share in epoch.shares.items():
                assert share.row is not None
                known = store.marker(partition) if share.definitions is None else None
                definitions = share.definitions if known is None else known.definitions
                marker = Marker(self._reports.ends[partition], partition_row.encode(share.row), definitions)
                written[partition] = (share.rows, marker)
            store.write(written)

    def positions(self, epoch: Epoch) -> list[TopicPartition]:
        """Where the epoch ends in the inputs of the settings: the state also knows those of before, whose topics may be
        gone.
        """
        return [
            TopicPartition(topic, partition, offset)
            for partition, share in epoch.shares.items()
            for topic, offset in (share.row.positions if share.row else {}).items()
            if topic in self._inputs
        ]

    def discard(self) -> Thread:
        """Forgets what was not sent yet and ends the client, in a thread of its own: that can take long.

        What is on its way can arrive until then. From any thread.
        """
        with self._keeping:
            self._discarded = True
        self.producer.purge(blocking=False)
        last = [self.producer]
        del self.producer  # what was raised may still hold this outbox
        ending = Thread(target=last.clear, name="end of a producer", daemon=True)
        ending.start()
        return ending

    def _expect_delivery(self) -> None:
        if time.monotonic() > self._deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "records were not delivered", retriable=True))


class _Reports:
    """What becomes of one epoch's records. ends: by changelog partition, the offset after its last record."""

    def __init__(self) -> None:
        self.failed: KafkaError | None = None
        self.topic = ""
        self.ends: dict[int, int] = {}

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        # What a rollback purges was not at fault: the broker's refusal of another record was.
        if error is not None and (self.failed is None or is_purged(self.failed)):
            self.failed, self.topic = error, message.topic() or ""

    def delivered_last(self, error: KafkaError | None, message: Message) -> None:
        """The partition row is a partition's last record of an epoch; one more offset is a transaction's own."""
        self.delivered(error, message)
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            self.ends[partition] = offset + 1
