"""What the agent does with a poll, and what assignment and revocation do to the state. Lives on the event loop.

One turn at a time: the agent, a release and an adoption each hold `_turn`. The fold inside a turn has no await, so
every await is a consistent cut.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from confluent_kafka import Message

from schemas.digest import definitions, digest
from schemas.settings import Settings
from stream.core.engine import Engine, Processed
from stream.core.positions import Positions
from stream.core.tiles import LATE_HOURS
from stream.runtime.adoption import examine
from stream.runtime.commit import Committer, WorkerError
from stream.runtime.intake import Intake, Taken
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partition, Partitions
from stream.runtime.store import Marker

log = logging.getLogger(__name__)

POLL_RECORDS: Final = 4_000
TOO_LATE: Final = f"more than {LATE_HOURS} hours before its lead's latest event, so that a repetition could not be told"


class Poll(NamedTuple):
    """What one poll brought. generations: of the partitions at the time. group: the consumer group's metadata then.

    Without messages it says that nothing more is waiting.
    """

    number: int
    messages: list[Message]
    generations: dict[int, int]
    group: Any


class Worker:
    """Scores what the agent hands over."""

    def __init__(
        self, settings: Settings, committer: Committer, partitions: Partitions, models: Models, metrics: Metrics
    ) -> None:
        self._application = settings.application
        self._engine = Engine(settings)
        self._intake = Intake(settings)
        self._meaning = definitions(settings)
        self._meaning_digest = committer.definitions = digest(self._meaning)
        self._committer = committer
        self._partitions = partitions
        self._models = models
        self._metrics = metrics
        self._turn = asyncio.Lock()
        self._next_poll = 0
        self._failed = False

    def compile(self) -> None:
        """Has the kernels compiled before anything waits for them."""
        started = time.perf_counter()
        self._engine.compile(self._models.in_force)
        log.info("kernels ready after %.1f s", time.perf_counter() - started)

    async def open(self) -> None:
        """Fences an earlier self. Raises KafkaException; may be called again."""
        await self._committer.open()

    async def take(self, poll: Poll, partitions: int) -> None:
        """One poll: fold, score, decide; commit when the epoch is due. `partitions`: how many each input topic has."""
        async with self._a_turn() as sound:
            if sound:
                await self._take(poll, partitions)

    async def adopt(
        self, partition: int, generation: int, marker: Marker, committed: dict[str, int], group: Any
    ) -> dict[str, int] | None:
        """Takes a restored partition over; returns the offsets to fetch from, by topic, where the state knows them.

        None while its model is neither in force nor to be had: to score with the scorecard meanwhile would tell every
        lead twice. Raises PartitionRowError where the state cannot be gone on with.
        """
        await self._models.refresh()
        found = examine(partition, marker, committed, self._application, self._meaning, self._meaning_digest)
        if not await self._models.can_follow(found.model, found.kind):
            return None
        async with self._a_turn() as sound:
            if not sound:
                return None
            await self._swap(group)
            in_force = self._models.in_force.digest
            adopted = Partition(
                partition,
                generation,
                positions=dict(found.positions),
                committed=dict(found.positions),
                definitions=found.definitions,
                told_model=found.model,
                model_since=found.model_since if found.model == in_force else dict(found.positions),
            )
            self._partitions.owned[partition] = adopted
            if found.model != in_force or found.definitions is not None:
                self._committer.epoch.share(partition)
            return dict(found.positions)

    async def release(self, partitions: set[int], group: Any) -> None:
        """Finishes the open epoch, then lets the partitions go."""
        async with self._a_turn() as sound:
            if sound and self._committer.epoch.shares:
                await self._committer.commit(group)
            self._forget(partitions)

    async def skip(self, partition: int, topic: str, offset: int) -> None:
        """Goes on from an offset that is not the state's: the topic no longer has that one."""
        async with self._a_turn():
            owned = self._partitions.owned[partition]
            owned.positions = owned.positions | {topic: offset}
            owned.committed = owned.committed | {topic: offset}

    async def lose(self, partitions: set[int]) -> None:
        """Lets partitions go that already belong to another worker: nothing of the open epoch may be committed."""
        async with self._turn:
            self._forget(partitions)
            self._committer.drop()

    async def close(self) -> None:
        """Waits for a turn under way and stops the transaction thread."""
        async with self._turn:
            await self._committer.close()

    @asynccontextmanager
    async def _a_turn(self) -> AsyncIterator[bool]:
        """Gives whether all before went well. After one that failed nothing may be committed any more: the open epoch
        may hold half a poll, and the store may lack what was committed.
        """
        async with self._turn:
            try:
                yield not self._failed
            except BaseException:
                self._failed = True
                raise

    async def _take(self, poll: Poll, partitions: int) -> None:
        if poll.number != self._next_poll:
            raise WorkerError(f"poll {poll.number} came where {self._next_poll} was due: a poll was lost")
        self._next_poll += 1
        await self._swap(poll.group)
        if poll.messages:
            started = time.perf_counter()
            self._score(poll, partitions)
            self._metrics.fold_seconds.observe(time.perf_counter() - started)
        if self._committer.due(waiting=bool(poll.messages), backlog=len(poll.messages) == POLL_RECORDS):
            await self._committer.commit(poll.group)

    def _score(self, poll: Poll, partitions: int) -> None:
        live = [message for message in poll.messages if self._is_live(message, poll.generations)]
        if not live:
            return
        taken = self._intake.take(live, self._partitions.knows, partitions)
        before = {number: partition.positions for number, partition in self._partitions.owned.items()}
        positions = Positions(before, taken.origins)
        homes = {arrival.event.lead: arrival.origin.partition for arrival in taken.arrivals}
        rows = self._partitions.rows(homes)
        processed = self._engine.process(taken.arrivals, rows, self._models.in_force, positions)
        self._keep(taken, processed, homes, positions)

    def _keep(self, taken: Taken, processed: Processed, homes: dict[str, int], positions: Positions) -> None:
        """Adds everything to the open epoch."""
        refused = taken.refused + [
            ("late", self._intake.refuse(late.origin, taken.messages[late.place], "late", TOO_LATE))
            for late in processed.late
        ]
        epoch = self._committer.epoch
        for lead, row in processed.rows.items():
            self._partitions.owned[homes[lead]].rows[lead] = row
            epoch.share(homes[lead]).rows[lead.encode()] = row
        for number, topics in positions.after().items():
            if topics != self._partitions.owned[number].positions:
                epoch.share(number)
                self._partitions.owned[number].positions = topics
        epoch.outputs += processed.outputs
        epoch.outputs += [output for _, output in refused]
        for output in processed.outputs:
            epoch.oldest = min(epoch.oldest or output.timestamp, output.timestamp)
        epoch.records.update(origin.topic for origin in taken.origins)
        epoch.verdicts.update(counted=processed.counted, duplicate=processed.duplicates, empty=processed.empty)
        epoch.refused.update(reason for reason, _ in refused)

    def _is_live(self, message: Message, generations: dict[int, int]) -> bool:
        number, topic, offset = message.partition(), message.topic(), message.offset()
        assert number is not None and topic is not None and offset is not None
        partition = self._partitions.owned.get(number)
        if partition is None or generations.get(number) != partition.generation:
            return False
        if offset < partition.positions.get(topic, 0):
            raise WorkerError(
                f"{topic}, partition {number}: offset {offset} came again after {partition.positions[topic]}; was the "
                "topic deleted and made anew? See topics.missing_events"
            )
        return True

    def _forget(self, partitions: set[int]) -> None:
        for number in partitions:
            self._partitions.owned.pop(number, None)
            self._committer.epoch.shares.pop(number, None)

    async def _swap(self, group: Any) -> None:
        """Puts a waiting model in force, between two epochs, never inside one; the next says so in each partition."""
        if not self._models.pending:
            return
        if self._committer.epoch.shares:
            await self._committer.commit(group)
        self._models.take()
        for number, partition in self._partitions.owned.items():
            self._committer.epoch.share(number)
            partition.model_since = dict(partition.positions)
