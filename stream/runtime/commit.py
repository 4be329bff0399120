"""The open epoch: when it is due, its commit, and the way back when it was rolled back. Lives on the event loop."""

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException

from schemas.settings import Settings
from stream.runtime.accounts import count_epoch
from stream.runtime.epoch import Epoch, polls_apart
from stream.runtime.logs import EPOCH
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.outcomes import Aborted, Broken, Stopped
from stream.runtime.partition_row import FORMAT, PartitionRow
from stream.runtime.partitions import Partitions
from stream.runtime.refusals import count_refusal
from stream.runtime.threads import Lane
from stream.runtime.traces import committing

BACKLOG_FACTOR: Final = 20
BACKLOG_MOST: Final = 1_000.0
"""ms that an epoch gathers under a backlog, where its length is not more: what it holds is in memory until then."""
ABORTS_IN_A_ROW: Final = 5
REBUILDS_IN_A_ROW: Final = 5
PAUSE_SECONDS: Final = 0.1
LOST_SECONDS: Final = 30.0
"""A call that takes longer than all of its own limits together never returns: librdkafka 2.16 can wait for ever for the
answer to `send_offsets_to_transaction` where a broker dies at the wrong moment.
"""


class Rewind(NamedTuple):
    """An order to the poll thread: fetch a partition again from these offsets, under a new generation."""

    partition: int
    generation: int
    positions: dict[str, int]


class Reload(NamedTuple):
    """An order to the poll thread: bring every partition back from the changelog, once there is a new producer."""


class Tell(NamedTuple):
    """An order to the poll thread: tell the group how far this worker is, by partition and topic."""

    positions: dict[int, dict[str, int]]


Order = Rewind | Reload | Tell


class WorkerError(Exception):
    """The worker must stop; the message says why and what to do."""


class Delivery(Protocol):
    """How an epoch becomes visible. Every call but the constructor's comes from the transaction thread.

    poll_records: how many records a poll may have. most_records: an epoch that has more is to be committed before it
    gets another poll. gathers: an epoch's length, as a part of `limits.epoch`. sends_offsets: whether a commit tells
    the group how far it is.
    """

    poll_records: int
    most_records: float
    gathers: float
    sends_offsets: bool

    @staticmethod
    def group_of(consumer: Consumer) -> Any:
        """What `commit` has to know of the consumer's place in the group, as of an assignment."""

    def open(self) -> None:
        """Makes it certain what became of everything before, and `commit` possible; also after Broken. Raises
        KafkaException; may be called again.
        """

    def commit(self, epoch: Epoch, group: Any) -> None:
        """Raises Aborted, Broken or Stopped, and StoreError where the local store cannot be written."""

    def abandon(self) -> None:
        """From any thread, while a call hangs: what it still does counts no more, and `open` has to come next."""

    def close(self) -> None:
        """The last call."""


log = logging.getLogger(__name__)


class Committer:
    """Owns the open epoch and the transaction thread. Its caller sees to it that calls do not overlap."""

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        partitions: Partitions,
        models: Models,
        metrics: Metrics,
        order: Callable[[Order], None],
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._partitions = partitions
        self._models = models
        self._metrics = metrics
        self._order = order
        self._lane = Lane("transaction")
        self._aborts = 0
        self._rebuilds = 0
        self._evicted = 0
        self.definitions = ""
        self.epoch = Epoch()
        self.under_way_since: float | None = None
        self.broken: str | None = None
        """Why there is no producer to commit with; until `open` has made a new one no partition may be adopted."""

    async def open(self) -> None:
        """Fences an earlier self. Raises KafkaException; may be called again."""
        try:
            await self._lane.call(self._delivery.open, LOST_SECONDS)
        except TimeoutError:
            self._abandon()
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the client does not return")) from None
        self.broken = None

    async def close(self) -> None:
        """Ends the transaction thread."""
        self._delivery.close()
        await asyncio.to_thread(self._lane.close)

    def due(self, taken: int) -> bool:
        """Whether to commit now, after a poll of so many records: after an empty one nothing more is waiting, after a
        full one more is there already.
        """
        if not self.epoch.shares:
            return False
        if taken == 0 or self._partitions.hot.dirty >= self._settings.limits.epoch_rows:
            return True
        if max(self.epoch.records.total(), self.epoch.verdicts.total()) > self._delivery.most_records:
            return True
        age = (time.monotonic() - self.epoch.began) * 1000
        length = self._settings.limits.epoch * self._delivery.gathers
        if taken == self._delivery.poll_records:
            return age >= max(length, min(length * BACKLOG_FACTOR, BACKLOG_MOST))
        return age >= length - polls_apart(length) / 2  # nearer to it than the next poll will be

    async def commit(self, group: Any) -> None:
        """Commits the open epoch, or brings everything back to the last one. Raises WorkerError and StoreError.

        Afterwards there may be no owned partition any more: those of a broken producer come back by adoption.
        """
        epoch, self.epoch = self.epoch, Epoch()
        about = EPOCH.set(epoch.id)
        try:
            await self._commit(epoch, group)
        finally:
            EPOCH.reset(about)

    async def _commit(self, epoch: Epoch, group: Any) -> None:
        self._complete(epoch)
        started = time.perf_counter()
        self.under_way_since = time.monotonic()
        deliver = contextvars.copy_context().run
        try:
            with committing(epoch.traces, epoch.id):
                await self._lane.call(partial(deliver, self._delivery.commit, epoch, group), LOST_SECONDS)
        except TimeoutError:
            self._abandon()
            self._metrics.epochs.labels("broken").inc()
            self._begin_anew("the client does not return from a commit, whose outcome is unknown")
            return
        except Aborted as error:
            count_refusal(self._metrics, str(error))
            self._metrics.epochs.labels("aborted").inc()
            self._aborts += not error.passing
            log.warning("epoch rolled back: %s", error)
            if self._aborts >= ABORTS_IN_A_ROW:
                raise WorkerError(f"{self._aborts} epochs in a row were rolled back: {error}") from error
            self.roll_back(epoch)
            await asyncio.sleep(PAUSE_SECONDS * 2**self._aborts)
            return
        except Broken as error:
            count_refusal(self._metrics, str(error))
            self._metrics.epochs.labels("broken").inc()
            self._begin_anew(str(error))
            return
        except Stopped as error:
            count_refusal(self._metrics, str(error))
            raise WorkerError(str(error)) from error
        finally:
            self.under_way_since = None
        if epoch.records:  # an epoch of model marks alone proves nothing about the records that failed
            self._aborts = self._rebuilds = 0
        self._committed(epoch)
        self._metrics.commit_seconds.observe(time.perf_counter() - started)

    def drop(self) -> None:
        """Rolls the open epoch back without having tried it."""
        epoch, self.epoch = self.epoch, Epoch()
        epoch.number = self._partitions.hot.epoch
        self.roll_back(epoch)

    def _abandon(self) -> None:
        """Leaves the thread to itself with what never returns, and goes on in another."""
        self._delivery.abandon()
        self._lane.leave()
        self._lane = Lane("transaction")

    def _begin_anew(self, reason: str) -> None:
        """Lets go of everything in memory. What was committed the changelog alone knows now: every partition is
        restored from it and adopted again, as after a restart.
        """
        self._rebuilds += 1
        if self._rebuilds > REBUILDS_IN_A_ROW:
            raise WorkerError(f"{self._rebuilds} producers in a row broke without a commit: {reason}")
        log.error("%s; going on with a new producer, from what the changelog says was committed", reason)
        self.broken = reason
        self._partitions.let_go(list(self._partitions.owned))
        self._order(Reload())

    def roll_back(self, epoch: Epoch) -> None:
        """Back to what was committed: drops the epoch's rows, which are read again, and fetches its records again."""
        self._partitions.hot.forget(list(epoch.shares), since=epoch.number)
        for number in epoch.shares:
            partition = self._partitions.owned.get(number)
            if partition is None:
                continue
            partition.positions = dict(partition.committed)
            partition.clock = partition.committed_clock
            partition.generation += 1
            self._order(Rewind(number, partition.generation, dict(partition.committed)))
            if partition.told_model != self._models.in_force.digest or partition.definitions is not None:
                partition.model_since = dict(partition.committed)
                self.epoch.share(number)

    def _complete(self, epoch: Epoch) -> None:
        """Adds to each share its rows, and the partition row that goes with them."""
        model = self._models.in_force
        epoch.number = self._partitions.hot.epoch
        for number, rows in self._partitions.hot.cut().items():
            epoch.shares[number].rows = rows
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
                partition.clock,
                partition.of,
                partition.ids,
            )

    def _committed(self, epoch: Epoch) -> None:
        for number, share in epoch.shares.items():
            partition = self._partitions.owned[number]
            assert share.row is not None
            partition.committed = dict(share.row.positions)
            partition.committed_clock = share.row.clock
            partition.told_model = share.row.model
            partition.definitions = None
        if not self._delivery.sends_offsets:
            self._order(Tell({number: share.row.positions for number, share in epoch.shares.items() if share.row}))
        count_epoch(self._metrics, epoch, self._partitions.tally)
        log.debug("committed %d records, %d outputs", epoch.records.total(), len(epoch.outputs))
        self._partitions.hot.keep(epoch.number)
        self._metrics.hot_rows.set(self._partitions.hot.leads)
        self._metrics.evicted_rows.inc(self._partitions.hot.evicted - self._evicted)
        self._evicted = self._partitions.hot.evicted
        self._partitions.tally.clear()
