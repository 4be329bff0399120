"""The open epoch: when it is due, its commit, and the way back when it was rolled back. Lives on the event loop."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from schemas.settings import Settings
from stream.runtime.epoch import Epoch
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partition_row import FORMAT, PartitionRow
from stream.runtime.partitions import Partitions
from stream.runtime.transaction import Aborted, Transactions

BACKLOG_FACTOR: Final = 10
ABORTS_IN_A_ROW: Final = 5
PAUSE_SECONDS: Final = 0.1


class Rewind(NamedTuple):
    """An order to the poll thread: fetch a partition again from these offsets, under a new generation."""

    partition: int
    generation: int
    positions: dict[str, int]


class WorkerError(Exception):
    """The worker must stop; the message says why and what to do."""


log = logging.getLogger(__name__)


class Committer:
    """Owns the open epoch and the transaction thread. Its caller sees to it that calls do not overlap."""

    def __init__(
        self,
        settings: Settings,
        transactions: Transactions,
        partitions: Partitions,
        models: Models,
        metrics: Metrics,
        rewind: Callable[[Rewind], None],
    ) -> None:
        self._settings = settings
        self._transactions = transactions
        self._partitions = partitions
        self._models = models
        self._metrics = metrics
        self._rewind = rewind
        self._thread = ThreadPoolExecutor(1, "transaction")
        self._aborts = 0
        self.definitions = ""
        self.epoch = Epoch()
        self.under_way_since: float | None = None

    async def open(self) -> None:
        """Fences an earlier self. Raises KafkaException; may be called again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transactions.open)

    async def close(self) -> None:
        """Ends the transaction thread."""
        self._transactions.close()
        await asyncio.to_thread(self._thread.shutdown)

    def due(self, waiting: bool, backlog: bool) -> bool:
        """Whether to commit now. `waiting`: more may come at once; `backlog`: more is there already."""
        if not self.epoch.shares:
            return False
        if not waiting or self.epoch.dirty_rows >= self._settings.limits.epoch_rows:
            return True
        age = (time.monotonic() - self.epoch.began) * 1000
        return age >= self._settings.limits.epoch * (BACKLOG_FACTOR if backlog else 1)

    async def commit(self, group: Any) -> None:
        """Commits the open epoch, or brings everything back to the last one. Raises WorkerError and Broken."""
        epoch, self.epoch = self.epoch, Epoch()
        self._complete(epoch)
        started = time.perf_counter()
        self.under_way_since = time.monotonic()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._transactions.commit, epoch, group)
        except Aborted as error:
            self._metrics.epochs.labels("aborted").inc()
            self._aborts += not error.passing
            log.warning("epoch rolled back: %s", error)
            if self._aborts >= ABORTS_IN_A_ROW:
                raise WorkerError(f"{self._aborts} epochs in a row were rolled back: {error}") from error
            self.roll_back(epoch)
            await asyncio.sleep(PAUSE_SECONDS * 2**self._aborts)
            return
        finally:
            self.under_way_since = None
        if epoch.records:  # an epoch of model marks alone proves nothing about the records that failed
            self._aborts = 0
        self._committed(epoch)
        self._metrics.commit_seconds.observe(time.perf_counter() - started)

    def drop(self) -> None:
        """Rolls the open epoch back without having tried it."""
        epoch, self.epoch = self.epoch, Epoch()
        self.roll_back(epoch)

    def roll_back(self, epoch: Epoch) -> None:
        """Back to what was committed: drops the epoch's rows, which are read again, and fetches its records again."""
        for number, share in epoch.shares.items():
            partition = self._partitions.owned.get(number)
            if partition is None:
                continue
            for lead in share.rows:
                partition.rows.pop(lead.decode(), None)
            partition.positions = dict(partition.committed)
            partition.generation += 1
            self._rewind(Rewind(number, partition.generation, dict(partition.committed)))
            if partition.told_model != self._models.in_force.digest or partition.definitions is not None:
                partition.model_since = dict(partition.committed)
                self.epoch.share(number)

    def _complete(self, epoch: Epoch) -> None:
        """Adds to each share the partition row that goes with it."""
        model = self._models.in_force
        for number, share in epoch.shares.items():
            partition = self._partitions.owned[number]
            share.definitions = partition.definitions
            share.row = PartitionRow(
                FORMAT,
                self._settings.application,
                dict(partition.positions),
                model.digest,
                model.manifest.kind,
                partition.model_since,
                self.definitions,
            )

    def _committed(self, epoch: Epoch) -> None:
        for number, share in epoch.shares.items():
            partition = self._partitions.owned[number]
            assert share.row is not None
            partition.committed = dict(share.row.positions)
            partition.told_model = share.row.model
            partition.definitions = None
        self._metrics.epochs.labels("committed").inc()
        tallies = (
            (self._metrics.outputs, Counter(output.kind for output in epoch.outputs)),
            (self._metrics.records, epoch.records),
            (self._metrics.events, epoch.verdicts),
            (self._metrics.dead_letters, epoch.refused),
        )
        for metric, tally in tallies:
            for label, number in tally.items():
                metric.labels(label).inc(number)
        if epoch.oldest is not None:
            self._metrics.latency_seconds.observe(max(0.0, time.time() - epoch.oldest / 1000))
        self._metrics.cached_rows.set(self._partitions.trim())
