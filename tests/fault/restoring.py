"""What tests of restoring share: a changelog to read, slowly where asked, and a restorer to read it."""

import time
from typing import Any, Final

from confluent_kafka import Consumer, Producer

from stream.runtime.metrics import Metrics
from stream.runtime.restore import Restorer
from stream.runtime.store import Marker, Store
from tests.integration.deployment import Deployment

MANY: Final = 6_000
"""Rows that take a restore many steps."""


class SlowReader(Consumer):
    """The client's own consumer, a few records at a time, so that a restore takes many steps."""

    def consume(self, most: int = 1, timeout: float = -1) -> list[Any]:
        found = super().consume(min(most, 200), timeout)
        time.sleep(0.02)
        return found


def produce(deployment: Deployment, rows: dict[bytes, bytes | None], partition: int = 0) -> None:
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap})
    for lead, row in rows.items():
        producer.produce(deployment.names.changelog, row, lead, partition=partition)
    assert producer.flush(20) == 0


class Restoring:
    """A restorer of one store, with its metrics."""

    def __init__(self, deployment: Deployment, store: Store) -> None:
        self.metrics = Metrics()
        self.finished: dict[int, Marker] = {}
        self.restorer = Restorer(deployment.settings, deployment.names.changelog, store, self.metrics)

    def begin(self, *partitions: int) -> None:
        assert self.restorer.begin(partitions, []) == set(partitions)

    def step(self) -> None:
        self.restorer.step(self.finished.__setitem__)

    def finish(self, *partitions: int) -> None:
        for _ in range(1000):
            self.step()
            if self.finished.keys() >= set(partitions):
                return
        raise AssertionError(f"only {sorted(self.finished)} of {partitions} were restored")

    def read(self) -> float:
        """Records so far."""
        return self.metrics.registry.get_sample_value("leadpulse_restored_rows_total") or 0

    def remaining(self, partition: int) -> float | None:
        return self.metrics.registry.get_sample_value(
            "leadpulse_restore_remaining_records", {"partition": str(partition)}
        )
