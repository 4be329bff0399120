"""What the agent does with a poll, and what assignment and revocation do to the state. Lives on the event loop.

One turn at a time: the agent, a release and an adoption each hold `_turn`. The fold inside a turn has no await, so
every await is a consistent cut.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from confluent_kafka import Message

from schemas.digest import definitions, digest
from schemas.settings import Settings
from stream.core.engine import Engine
from stream.core.positions import Positions
from stream.core.tiles import LATE_HOURS
from stream.runtime import partition_row
from stream.runtime.epoch import Epoch
from stream.runtime.intake import Intake
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partition_row import PartitionRow
from stream.runtime.partitions import Partition, Partitions
from stream.runtime.store import Marker, Store
from stream.runtime.transaction import Aborted, Transactions

POLL_RECORDS: Final = 4_000
BACKLOG_FACTOR: Final = 10
ABORTS_IN_A_ROW: Final = 5
TOO_LATE: Final = f"more than {LATE_HOURS} hours before its lead's latest event, so that a repetition could not be told"

log = logging.getLogger(__name__)


class Poll(NamedTuple):
    """What one poll brought. generations: of the partitions at the time. group: the consumer group's metadata then.

    Without messages it says that nothing more is waiting.
    """

    number: int
    messages: list[Message]
    generations: dict[int, int]
    group: Any


class Rewind(NamedTuple):
    """An order to the poll thread: fetch a partition again from these offsets, under a new generation."""

    partition: int
    generation: int
    positions: dict[str, int]


class WorkerError(Exception):
    """The worker must stop; the message says why and what to do."""


class Worker:
    """Scores what the agent hands over."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        transactions: Transactions,
        models: Models,
        metrics: Metrics,
        rewind: Callable[[Rewind], None],
    ) -> None:
        self._limits = settings.limits
        self._engine = Engine(settings)
        self._intake = Intake(settings)
        self._meaning = definitions(settings)
        self._definitions_digest = digest(self._meaning)
        self._transactions = transactions
        self._models = models
        self._metrics = metrics
        self._rewind = rewind
        self._thread = ThreadPoolExecutor(1, "transaction")
        self._turn = asyncio.Lock()
        self._partitions = Partitions(store, settings.limits.cached_rows)
        self._epoch = Epoch()
        self._group: Any = None
        self._next_poll = 0
        self._aborts = 0
        self.partition_count = 0
        self.model_since: dict[int, dict[str, int]] = {}

    @property
    def owned(self) -> set[int]:
        """The partitions being scored."""
        return set(self._partitions.owned)

    async def open(self) -> None:
        """Fences an earlier self. Raises KafkaException; may be called again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transactions.open)

    async def take(self, poll: Poll) -> None:
        """One poll: fold, score, decide; commit when the epoch is due."""
        async with self._turn:
            if poll.number != self._next_poll:
                raise WorkerError(f"poll {poll.number} came where {self._next_poll} was due: a poll was lost")
            self._next_poll += 1
            self._group = poll.group
            if self._models.pending and self._epoch.shares:
                await self._commit()  # a model takes effect between two epochs, never inside one
            if self._models.take():
                self._mark_model()
            if poll.messages:
                started = time.perf_counter()
                self._score(poll)
                self._metrics.fold_seconds.observe(time.perf_counter() - started)
            if self._due(poll):
                await self._commit()

    async def adopt(
        self, partition: int, generation: int, marker: Marker, committed: dict[str, int], group: Any
    ) -> dict[str, int]:
        """Takes a restored partition over; returns the offsets to fetch from, by topic.

        Raises PartitionRowError where its state was made by settings that these do not extend.
        """
        await self._models.refresh()
        async with self._turn:
            self._group = group
            positions, missing = committed, None
            model = ""
            if marker.row is not None:
                row = partition_row.decode(marker.row)
                if row.definitions != self._definitions_digest:
                    partition_row.check_definitions(marker.definitions, self._meaning, partition)
                    missing = partition_row.encode_definitions(self._meaning)
                if any(row.positions.get(topic, offset) != offset for topic, offset in committed.items()):
                    log.warning(
                        "partition %d: the group's offsets %s are not the state's %s, which count",
                        partition,
                        committed,
                        row.positions,
                    )
                positions = committed | row.positions
                model, self.model_since[partition] = row.model, row.model_since
            else:
                missing = partition_row.encode_definitions(self._meaning)
            self._partitions.owned[partition] = Partition(
                partition, generation, dict(positions), dict(positions), missing
            )
            if model != self._models.in_force.digest:
                self._epoch.share(partition)
                self.model_since[partition] = dict(positions)
            return dict(positions)

    async def release(self, partitions: set[int], group: Any) -> None:
        """Finishes the open epoch, then lets the partitions go."""
        async with self._turn:
            self._group = group
            if self._epoch.shares:
                await self._commit()
            self._forget(partitions)

    async def lose(self, partitions: set[int]) -> None:
        """Lets partitions go that already belong to another worker: nothing of the open epoch may be committed."""
        async with self._turn:
            epoch, self._epoch = self._epoch, Epoch()
            self._forget(partitions)
            self._roll_back(epoch)

    async def close(self) -> None:
        """Commits what is open and stops the transaction thread."""
        async with self._turn:
            if self._epoch.shares and self._group is not None:
                await self._commit()
        self._transactions.close()
        self._thread.shutdown(wait=True)

    def _score(self, poll: Poll) -> None:
        live = [message for message in poll.messages if self._is_live(message, poll.generations)]
        if not live:
            return
        taken = self._intake.take(live, self._partitions.knows, self.partition_count)
        before = {number: partition.positions for number, partition in self._partitions.owned.items()}
        positions = Positions(before, taken.origins)
        homes = {arrival.event.lead: arrival.origin.partition for arrival in taken.arrivals}
        model = self._models.in_force
        processed = self._engine.process(taken.arrivals, self._partitions.rows(homes), model, positions)
        for lead, row in processed.rows.items():
            partition = homes[lead]
            self._partitions.owned[partition].rows[lead] = row
            self._epoch.share(partition).rows[lead.encode()] = row
        self._epoch.outputs += processed.outputs
        for output in processed.outputs:
            self._epoch.oldest = min(self._epoch.oldest or output.timestamp, output.timestamp)
        refused = taken.refused + [
            ("late", self._intake.refuse(late.origin, taken.messages[late.place], "late", TOO_LATE))
            for late in processed.late
        ]
        self._epoch.outputs += [output for _, output in refused]
        for number, topics in positions.after().items():
            if topics != self._partitions.owned[number].positions:
                self._epoch.share(number)
                self._partitions.owned[number].positions = topics
        self._epoch.records.update(origin.topic for origin in taken.origins)
        self._epoch.verdicts.update(counted=processed.counted, duplicate=processed.duplicates, empty=processed.empty)
        self._epoch.refused.update(reason for reason, _ in refused)

    def _is_live(self, message: Message, generations: dict[int, int]) -> bool:
        number, topic, offset = message.partition(), message.topic(), message.offset()
        assert number is not None and topic is not None and offset is not None
        partition = self._partitions.owned.get(number)
        if partition is None or generations.get(number) != partition.generation:
            return False
        return offset >= partition.positions.get(topic, 0)

    def _due(self, poll: Poll) -> bool:
        if not self._epoch.shares:
            return False
        if not poll.messages or self._epoch.dirty_rows >= self._limits.epoch_rows:
            return True
        age = (time.monotonic() - self._epoch.began) * 1000
        backlog = len(poll.messages) == POLL_RECORDS
        return age >= self._limits.epoch * (BACKLOG_FACTOR if backlog else 1)

    async def _commit(self) -> None:
        epoch, self._epoch = self._epoch, Epoch()
        for number, share in epoch.shares.items():
            partition = self._partitions.owned[number]
            share.definitions = partition.definitions
            share.row = PartitionRow(
                partition_row.FORMAT,
                dict(partition.positions),
                self._models.in_force.digest,
                self.model_since.get(number, {}),
                self._definitions_digest,
            )
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._transactions.commit, epoch, self._group)
        except Aborted as error:
            self._metrics.epochs.labels("aborted").inc()
            self._aborts += 1
            log.warning("epoch rolled back (%d in a row): %s", self._aborts, error)
            if self._aborts >= ABORTS_IN_A_ROW:
                raise WorkerError(f"{self._aborts} epochs in a row were rolled back: {error}") from error
            self._roll_back(epoch)
            return
        self._aborts = 0
        self._committed(epoch)
        self._metrics.commit_seconds.observe(time.perf_counter() - started)

    def _committed(self, epoch: Epoch) -> None:
        for number in epoch.shares:
            partition = self._partitions.owned[number]
            partition.committed = dict(partition.positions)
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

    def _roll_back(self, epoch: Epoch) -> None:
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
            if partition.definitions is not None or self.model_since.get(number) == partition.committed:
                self._epoch.share(number)

    def _forget(self, partitions: set[int]) -> None:
        for number in partitions:
            self._partitions.owned.pop(number, None)
            self._epoch.shares.pop(number, None)

    def _mark_model(self) -> None:
        """The model in force is news to every owned partition: the next epoch says so in each."""
        for number, partition in self._partitions.owned.items():
            self._epoch.share(number)
            self.model_since[number] = dict(partition.positions)
