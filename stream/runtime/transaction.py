"""The commit of an epoch, and every way in which it can end."""

import logging
import time
from typing import Any, Final, NoReturn

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.core.outputs import Kind, Output
from stream.runtime import partition_row
from stream.runtime.connection import explain, transactional_producer
from stream.runtime.epoch import Epoch
from stream.runtime.store import Marker, Store

STEP_SECONDS: Final = 30.0
OPEN_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 45.0
_REBALANCING: Final = (
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.UNKNOWN_MEMBER_ID,
)

_PURGED: Final = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)

log = logging.getLogger(__name__)


class Aborted(Exception):
    """The transaction was rolled back: nothing of the epoch is visible, the producer can go on."""

    def __init__(self, text: str, passing: bool) -> None:
        """`passing`: healthy workers meet it, between two generations of the group or right after another abort."""
        super().__init__(text)
        self.passing = passing


class Broken(Exception):
    """The outcome is unknown, or the producer is fenced or dead: stop, and rebuild from what was committed."""


class _Deliveries:
    """What becomes of one epoch's records. Each epoch has its own: no report of one rolled back counts for the next.

    ends: by changelog partition, the offset after its last record.
    """

    def __init__(self) -> None:
        self.failed: KafkaError | None = None
        self.ends: dict[int, int] = {}

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        # What a rollback purges was not at fault: the broker's refusal of another record was.
        if error is not None and (self.failed is None or self.failed.code() in _PURGED):
            self.failed = error

    def delivered_last(self, error: KafkaError | None, message: Message) -> None:
        """The partition row is a partition's last record of an epoch; one more offset is the commit's own."""
        self.delivered(error, message)
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            self.ends[partition] = offset + 1


class Transactions:
    """The one owner of the producer. Every call comes from the transaction thread."""

    def __init__(self, settings: Settings, store: Store) -> None:
        names = TopicNames.of(settings.topics)
        self._topics: dict[Kind, str] = {
            "change": names.changes,
            "latest": names.latest,
            "alert": names.alerts,
            "dead-letter": names.dead_letters,
        }
        self._changelog = names.changelog
        self._inputs = {names.input(channel) for channel in settings.topics.inputs}
        self._store = store
        self._producer = Producer(transactional_producer(settings))
        self._deliveries = _Deliveries()

    def open(self) -> None:
        """Fences any earlier owner of this worker's transactional id. Raises KafkaException; may be called again."""
        self._producer.init_transactions(OPEN_SECONDS)

    def commit(self, epoch: Epoch, group: Any) -> None:
        """Makes the epoch visible whole or not at all. Raises Aborted or Broken.

        1. begin the transaction
        2. outputs: changes, latest scores, alerts, dead letters
        3. changelog: each partition's lead rows, then its partition row
        4. input positions, with the group's generation, which fences a worker that lost its partitions
        5. commit
        6. the local store, in one write: it is always as of a commit
        """
        self._deliveries = _Deliveries()
        try:
            self._producer.begin_transaction()  # 1
            for output in epoch.outputs:  # 2
                self._produce_output(output)
            for partition in epoch.shares:  # 3
                self._produce_rows(epoch, partition)
            self._producer.send_offsets_to_transaction(self._positions(epoch), group, STEP_SECONDS)  # 4
            self._flush()
        except (KafkaException, BufferError) as error:
            self._abort(error)
        self._commit()  # 5
        self._keep(epoch)  # 6

    def close(self) -> None:
        """Lets the client's threads end. An open transaction is left to the next owner's `open`."""
        self._producer.poll(0)

    def _produce_output(self, output: Output) -> None:
        self._produce(self._topics[output.kind], output.value, output.key, output.headers, output.timestamp)

    def _produce(self, topic: str, value: Any, key: Any, headers: Any, timestamp: int) -> None:
        while True:
            try:
                self._producer.produce(
                    topic, value, key, headers=headers, timestamp=timestamp, on_delivery=self._deliveries.delivered
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def _produce_rows(self, epoch: Epoch, partition: int) -> None:
        share = epoch.shares[partition]
        assert share.row is not None
        for lead, row in share.rows.items():
            self._producer.produce(self._changelog, row, lead, partition=partition)
            if len(self._producer) > 100_000:
                self._producer.poll(0)
        if share.definitions is not None:
            self._producer.produce(
                self._changelog, share.definitions, partition_row.DEFINITIONS_KEY, partition=partition
            )
        self._producer.produce(
            self._changelog,
            partition_row.encode(share.row),
            partition_row.KEY,
            partition=partition,
            on_delivery=self._deliveries.delivered_last,
        )

    def _flush(self) -> None:
        # Until all is delivered: a transaction over a failed send must not commit, and step 6 needs the offsets.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self._producer) and self._deliveries.failed is None:
            self._producer.flush(1.0)
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "outputs were not delivered"))
        if self._deliveries.failed is not None:
            raise KafkaException(self._deliveries.failed)

    def _commit(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._producer.commit_transaction(STEP_SECONDS)
                return
            except KafkaException as error:
                cause = error.args[0]
                if cause.txn_requires_abort():
                    self._abort(error)
                # A retriable error leaves the commit under way: asking again is the only way to learn its outcome.
                if not cause.retriable() or cause.fatal() or time.monotonic() > deadline:
                    raise Broken(f"the outcome of a commit is unknown ({explain(error)})") from error

    def _abort(self, error: KafkaException | BufferError) -> NoReturn:
        cause = error.args[0] if isinstance(error, KafkaException) else None
        reason = explain(error) if isinstance(error, KafkaException) else str(error)
        if cause is not None and cause.fatal():
            raise Broken(reason) from error
        try:
            self._producer.abort_transaction(STEP_SECONDS)
        except KafkaException as second:
            raise Broken(f"{explain(second)}, while rolling back after {reason}") from error
        self._producer.poll(0)
        # A refused record also makes the client refuse the next call; the refusal is what a person must know.
        refused = self._deliveries.failed
        told = reason if refused is None or refused.code() in _PURGED else explain(refused)
        # The client purges records of the next transaction along with those of an aborted one.
        passing = (*_REBALANCING, *_PURGED) if refused is None or refused.code() in _PURGED else ()
        raise Aborted(told, cause is not None and cause.code() in passing) from error

    def _keep(self, epoch: Epoch) -> None:
        written = {}
        for partition, share in epoch.shares.items():
            assert share.row is not None
            known = self._store.marker(partition) if share.definitions is None else None
            definitions = share.definitions if known is None else known.definitions
            marker = Marker(self._deliveries.ends[partition], partition_row.encode(share.row), definitions)
            written[partition] = (dict(share.rows), marker)
        self._store.write(written)

    def _positions(self, epoch: Epoch) -> list[TopicPartition]:
        """Of the inputs in the settings: the state also knows those of before, whose topics may be gone."""
        return [
            TopicPartition(topic, partition, offset)
            for partition, share in epoch.shares.items()
            for topic, offset in (share.row.positions if share.row else {}).items()
            if topic in self._inputs
        ]
