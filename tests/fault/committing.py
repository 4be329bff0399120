"""A worker's commits without the worker: real epochs, the real producer and store, and a failure at a chosen step."""

import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from schemas.cloudevents import Kind
from stream.core.outputs import Output
from stream.runtime import outbox, partition_row
from stream.runtime.commit import ABORTS_IN_A_ROW
from stream.runtime.epoch import Epoch, Share
from stream.runtime.metrics import Metrics
from stream.runtime.outcomes import Aborted
from stream.runtime.partition_row import PartitionRow
from stream.runtime.restore import Restorer
from stream.runtime.store import Marker, Store, StoreError
from stream.runtime.transaction import Transactions
from tests.integration.deployment import Deployment
from tests.integration.topics import read_as_it_is

SHARED: Final = (0, 1)
"""The partitions that the epochs have a part of."""

TIME: Final = 1_772_357_400_000


class Died(BaseException):
    """The process ends here, without a word to anybody."""


class FailingProducer(Producer):
    """The client's own producer, which raises once when it comes to a step of `Transactions.commit`."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        super().__init__(configuration)
        self.step = 0.0
        self.error: BaseException | None = None
        self.seconds = 0.0

    def fail(self, step: float, error: BaseException) -> None:
        """5.5 is right after the commit."""
        self.step, self.error = step, error

    def pause(self, step: float, seconds: float) -> None:
        """The process stands still there, once, with what came before on the brokers."""
        self.step, self.seconds, self.error = step, seconds, None

    def _come_to(self, step: float) -> None:
        if step == self.step:
            self.step = 0
            if step > 1 and not isinstance(self.error, Died):
                # Until then the broker may not know of the transaction, and refuses to end an unknown one.
                super().flush()
            if self.error is not None:
                raise self.error
            time.sleep(self.seconds)

    def begin_transaction(self) -> None:
        self._come_to(1)
        super().begin_transaction()

    def produce(self, topic: str, value: Any = None, key: Any = None, *others: Any, **options: Any) -> None:
        # The last record of each kind, so that those before it are in the transaction already.
        if topic.endswith(".dead-letters"):
            self._come_to(2)
        if key == partition_row.KEY:
            self._come_to(3)
        super().produce(topic, value, key, *others, **options)

    def send_offsets_to_transaction(self, *arguments: Any) -> None:
        self._come_to(4)
        super().send_offsets_to_transaction(*arguments)

    def commit_transaction(self, *arguments: Any) -> None:
        self._come_to(5)
        super().commit_transaction(*arguments)
        self._come_to(5.5)


class FullStore(Store):
    """The store itself, whose disk may be full."""

    full = False

    def write(self, partitions: Any, *, whole: bool = True) -> None:
        if self.full:
            raise StoreError("no space left on device")
        super().write(partitions, whole=whole)


class Visible(NamedTuple):
    """What everybody else has of the commits.

    outputs: the values in the output topics. rows: the changelog's lead rows by partition, in order.
    positions: of the partition rows. committed: the group's offsets.
    """

    outputs: list[bytes]
    rows: dict[int, list[tuple[bytes, bytes | None]]]
    positions: dict[int, list[dict[str, int]]]
    committed: dict[int, int]


class Kept(NamedTuple):
    """What a local store has of one partition."""

    rows: dict[bytes, bytes]
    positions: dict[str, int] | None
    definitions: bytes | None


class Committing:
    """One worker's transactions in a deployment."""

    def __init__(self, deployment: Deployment, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deployment = deployment
        self.settings = deployment.settings
        self.topic = deployment.names.input("web")
        self.store = FullStore(directory)
        self._made: list[FailingProducer] = []
        monkeypatch.setattr(outbox, "Producer", self._make)
        self.transactions = self.successor()
        self.consumer = Consumer(
            {"bootstrap.servers": deployment.broker.bootstrap, "group.id": self.settings.application}
        )

    def close(self) -> None:
        """Ends the clients that connect by themselves."""
        self.consumer.close()
        self.store.close()
        self._made.clear()
        del self.transactions

    def _make(self, configuration: dict[str, Any]) -> FailingProducer:
        self._made.append(FailingProducer(configuration))
        return self._made[-1]

    def successor(self) -> Transactions:
        """Another process with the same name, once it has opened."""
        found = Transactions(self.settings, self.store)
        open_patiently(found)
        return found

    def reopen(self) -> None:
        """What the same process does after Broken."""
        open_patiently(self.transactions)

    @property
    def producer(self) -> FailingProducer:
        return self._made[-1]

    def commit(self, epoch: Epoch, transactions: Transactions | None = None) -> None:
        (transactions or self.transactions).commit(epoch, self.consumer.consumer_group_metadata())

    def commit_as_often_as_a_worker_does(self, epoch: Epoch, group: Any = None) -> None:
        """After a refusal that the client itself met, it may purge some of the next transaction's records with those of
        the one rolled back (seen with librdkafka 2.16): that epoch is rolled back too, and the worker tries again.
        """
        for _ in range(ABORTS_IN_A_ROW - 2):
            try:
                self.transactions.commit(epoch, group or self.consumer.consumer_group_metadata())
                return
            except Aborted:
                assert self.visible() == self.expected(1)
        self.transactions.commit(epoch, group or self.consumer.consumer_group_metadata())

    def epoch(self, number: int, *, padding: bytes = b"") -> Epoch:
        """The epoch in which the inputs' next offset becomes 10 times its number. The first has definitions too."""
        shares = {}
        for partition in SHARED:
            row = PartitionRow(
                format=1,
                application=self.settings.application,
                positions={self.topic: 10 * number},
                model="0" * 64,
                kind="rules",
                model_since={},
                definitions="1" * 64,
            )
            rows: dict[bytes, bytes | None] = {
                b"lead %d" % lead: b"epoch %d" % number for lead in range(number, number + 3)
            }
            shares[partition] = Share(rows, b"definitions" if number == 1 else None, row)
        kinds: tuple[Kind, ...] = ("change", "latest", "alert", "dead-letter")
        outputs = [Output(kind, b"ann", b"%d %s" % (number, kind.encode()) + padding, [], TIME) for kind in kinds]
        return Epoch(shares=shares, outputs=outputs)

    def visible(self) -> Visible:
        """Read as subscribers do, committed records only."""
        broker, names = self.deployment.broker, self.deployment.names
        outputs = [
            record.value or b""
            for topic in (names.changes, names.latest, names.alerts, names.dead_letters)
            for record in read_as_it_is(broker, topic)
        ]
        found = Visible(sorted(outputs), {}, {}, {})
        for record in read_as_it_is(broker, names.changelog):
            if record.key == partition_row.KEY:
                row = partition_row.decode(record.value or b"")
                found.positions.setdefault(record.partition, []).append(row.positions)
            elif record.key != partition_row.DEFINITIONS_KEY:
                found.rows.setdefault(record.partition, []).append((record.key or b"", record.value))
        wanted = [TopicPartition(self.topic, partition) for partition in SHARED]
        for each in self.consumer.committed(wanted, timeout=10):
            found.committed[each.partition] = each.offset
        return found

    def expected(self, *numbers: int) -> Visible:
        """What is visible when these epochs were committed once each, in this order."""
        epochs = [self.epoch(number) for number in numbers]
        return Visible(
            sorted(output.value or b"" for epoch in epochs for output in epoch.outputs),
            {
                partition: [row for each in epochs for row in each.shares[partition].rows.items()]
                for partition in SHARED
            },
            {partition: [{self.topic: 10 * number} for number in numbers] for partition in SHARED},
            dict.fromkeys(SHARED, 10 * numbers[-1]),
        )

    def kept(self, store: Store | None = None) -> dict[int, Kept]:
        """By partition."""
        store = store or self.store
        found = {}
        for partition in SHARED:
            marker = store.marker(partition)
            row = partition_row.decode(marker.row) if marker is not None and marker.row is not None else None
            found[partition] = Kept(
                dict(store.all_rows(partition)), row.positions if row else None, marker.definitions if marker else None
            )
        return found

    def expected_kept(self, *numbers: int) -> dict[int, Kept]:
        """What is kept when these epochs were committed, in this order."""
        rows: dict[bytes, Any] = {}
        for number in numbers:
            rows |= self.epoch(number).shares[0].rows
        return dict.fromkeys(SHARED, Kept(rows, {self.topic: 10 * numbers[-1]}, b"definitions"))


def open_patiently(transactions: Transactions) -> None:
    """As the worker does, which tells why it waits."""
    deadline = time.monotonic() + 30
    while True:
        try:
            transactions.open()
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise


def restored_rows(worker: Committing, store: Store) -> int:
    """Brings the store to the changelog's end by the worker's own restorer; how many records that took."""
    metrics = Metrics()
    restorer = Restorer(worker.settings, worker.deployment.names.changelog, store, metrics)
    finished: dict[int, Marker] = {}
    try:
        assert restorer.begin(SHARED, []) == set(SHARED)
        while len(finished) < len(SHARED):
            restorer.step(finished.__setitem__)
    finally:
        restorer.close()
    (family,) = (each for each in metrics.registry.collect() if each.name == "leadpulse_restored_rows")
    return int(next(sample.value for sample in family.samples if sample.name.endswith("_total")))
