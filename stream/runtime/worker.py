"""What the agent does with a poll, and what assignment and revocation do to the state. Lives on the event loop.

One turn at a time: the agent, a release and an adoption each hold `_turn`. The fold inside a turn has no await, so
every await is a consistent cut.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np

from schemas.digest import definitions, digest
from schemas.records import Reason
from schemas.settings import Settings
from stream.core.engine import Engine, Processed
from stream.core.lead import Flags
from stream.core.outputs import Output
from stream.core.positions import Positions
from stream.core.tiles import LATE_HOURS
from stream.runtime import garbage
from stream.runtime.adoption import Restored, examine
from stream.runtime.commit import Committer, WorkerError
from stream.runtime.dead_share import DeadShare
from stream.runtime.epoch import Scored
from stream.runtime.intake import Batch, Intake, Taken
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partition, Partitions
from stream.runtime.poll import Poll
from stream.runtime.sweep import Sweeper
from stream.runtime.traces import Traces, traceparent

log = logging.getLogger(__name__)

SILENT_SECONDS: Final = 5.0
TOO_LATE: Final = f"more than {LATE_HOURS} hours before its lead's latest event, so that a repetition could not be told"


class Worker:
    """Scores what the agent hands over."""

    def __init__(
        self, settings: Settings, committer: Committer, partitions: Partitions, models: Models, metrics: Metrics
    ) -> None:
        self._application = settings.application
        self._skip_missing = settings.topics.missing_events == "skip"
        self._engine = Engine(settings, self._lap)
        self._intake = Intake(settings)
        self._meaning = definitions(settings)
        self._meaning_digest = committer.definitions = digest(self._meaning)
        self._committer = committer
        self._partitions = partitions
        self._models = models
        self._metrics = metrics
        self._dead_share = DeadShare(settings.limits)
        self._traces = Traces(settings)
        self._sweeper = Sweeper(settings, self._engine, committer, partitions, models, metrics)
        self._turn = asyncio.Lock()
        self._next_poll = 0
        self._lapped = 0.0
        self._failed = False
        self.compiled = False

    @property
    def unfinished(self) -> bool:
        """Whether an epoch is open, so that a poll should come soon even if it brings nothing. From any thread."""
        return bool(self._committer.epoch.shares)

    def compile(self) -> None:
        """Has the kernels compiled before anything waits for them. From any thread."""
        started = time.perf_counter()
        self._intake.compile()
        self._partitions.compile()
        self._engine.compile(self._models.in_force)
        garbage.settle()
        self.compiled = True
        log.info("kernels ready after %.1f s", time.perf_counter() - started)

    async def open(self) -> None:
        """Fences an earlier self. Raises KafkaException; may be called again."""
        await self._committer.open()

    async def take(self, poll: Poll, partitions: int) -> None:
        """One poll: fold, score, decide; commit when the epoch is due. `partitions`: how many each input topic has."""
        try:
            async with self._a_turn() as sound:
                if sound:
                    await self._take(poll, partitions)
        finally:
            poll.turn.done.set()

    async def adopt(self, partition: int, generation: int, restored: Restored, group: Any) -> dict[str, int] | None:
        """Takes a restored partition over; returns the offsets to fetch from, by topic. They are in the first epoch: so
        the group fences that one too, before the first record.

        None while its model is neither in force nor to be had: to score with the scorecard meanwhile would tell every
        lead twice. Raises PartitionRowError and WorkerError where the state cannot be gone on with.
        """
        found = examine(
            partition, restored, self._application, self._meaning, self._meaning_digest, skip_missing=self._skip_missing
        )
        if not await self._models.can_follow(found.model, found.kind):
            return None
        async with self._a_turn() as sound:
            if not sound:
                return None
            await self._swap(group)
            if self._committer.broken is not None:  # what was restored may be older than what is committed
                return None
            in_force = self._models.in_force.digest
            adopted = Partition(
                partition,
                restored.partitions,
                generation,
                restored.ids,
                positions=dict(found.positions),
                committed=dict(found.positions),
                definitions=found.definitions,
                told_model=found.model,
                model_since=found.model_since if found.model == in_force else dict(found.positions),
                clock=found.clock,
                committed_clock=found.clock,
            )
            self._partitions.owned[partition] = adopted
            self._sweeper.follow(adopted)
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
            owned = self._partitions.owned.get(partition)
            if owned is None:  # set aside since; it comes back by adoption
                return
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
            await asyncio.to_thread(self._traces.close)

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
            self._lapped = time.thread_time()
            with self._traces.polled(poll.messages) as traced:
                self._score(poll, partitions)
            self._committer.epoch.traces += traced
            self._metrics.fold_seconds.observe(time.perf_counter() - started)
        self._follow_ends(poll)
        if self._committer.due(len(poll.messages)):
            await self._committer.commit(poll.group)
        self._sweeper.turn(poll.at_end)

    def _score(self, poll: Poll, partitions: int) -> None:
        batch = self._intake.batch(poll.messages)
        batch = batch.only(self._live(batch, poll.generations))
        if not batch.messages:
            return
        taken = self._intake.take(batch, partitions)
        self._lap("read")
        before = {number: partition.positions for number, partition in self._partitions.owned.items()}
        positions = Positions(before, self._intake.topics, batch.topic, batch.partition, batch.offset)
        arrivals = taken.arrivals
        hot = self._partitions.look_up(arrivals.key, arrivals.partition)
        self._lap("rows")
        processed = self._engine.process(arrivals, hot.lead, hot.rows, self._models.in_force, positions)
        self._partitions.hot.change(hot.entries, processed.rows, processed.row_at)
        self._keep(batch, taken, processed, positions)
        self._lap("keep")

    def _keep(self, batch: Batch, taken: Taken, processed: Processed, positions: Positions) -> None:
        """Adds everything but the rows to the open epoch."""
        arrivals = taken.arrivals
        # Of a record with several events one may be late and others not: it is one dead letter.
        places = dict(zip(arrivals.place[processed.late].tolist(), arrivals.origins(processed.late), strict=True))
        late: list[tuple[Reason, Output]] = [
            ("late", self._intake.refuse(origin, batch.messages[place], "late", TOO_LATE))
            for place, origin in places.items()
        ]
        refused = taken.refused + late
        self._dead_share.watch(len(batch.messages), refused)
        epoch = self._committer.epoch
        for number, topics in positions.after().items():
            epoch.share(number)
            self._partitions.owned[number].positions = topics
            times = arrivals.time[arrivals.partition == number]
            self._sweeper.hear(number, int(times.max()) if len(times) else 0)
        epoch.outputs += processed.outputs
        epoch.outputs += [output for _, output in refused]
        epoch.scored.append(Scored("event", processed.log_odds, processed.percentile))
        if processed.outputs:
            stamps = [output.timestamp for output in processed.outputs]
            oldest = min(stamps)
            epoch.stamps += stamps
            if epoch.oldest is None or oldest < epoch.oldest:
                epoch.oldest = oldest
                epoch.oldest_trace = traceparent(processed.outputs[stamps.index(oldest)].headers)
        if len(arrivals.timestamp):
            self._metrics.clock_ahead.set(int(arrivals.timestamp.max()) / 1000 - time.time())
        taken_of = np.bincount(batch.topic, minlength=len(self._intake.topics)).tolist()
        epoch.records.update({topic: size for topic, size in zip(self._intake.topics, taken_of, strict=True) if size})
        epoch.verdicts.update(counted=processed.counted, duplicate=processed.duplicates, empty=taken.empty)
        epoch.refused.update(reason for reason, _ in refused)

    def _live(self, batch: Batch, generations: dict[int, int]) -> Flags:
        """Which records are of partitions as they are owned now. Raises WorkerError where one comes again."""
        live = np.zeros(len(batch.messages), np.bool_)
        for number in np.unique(batch.partition).tolist():
            partition = self._partitions.owned.get(number)
            if partition is None or generations.get(number) != partition.generation:
                continue
            here = batch.partition == number
            live |= here
            for which in np.unique(batch.topic[here]).tolist():
                topic = self._intake.topics[which]
                offset = int(batch.offset[here & (batch.topic == which)].min())
                if offset < partition.positions.get(topic, 0):
                    raise WorkerError(
                        f"{topic}, partition {number}: offset {offset} came again after {partition.positions[topic]}; "
                        "was the topic deleted and made anew? See topics.missing_events"
                    )
        return live

    def _follow_ends(self, poll: Poll) -> None:
        """Behind the last record of a producer with transactions there are marks. A position before them would be taken
        for one of lost events, once retention has deleted everything: it goes along with the partition's next commit,
        or with one of its own after some silence.
        """
        for number, ends in poll.at_end.items():
            partition = self._partitions.owned.get(number)
            if partition is None or poll.generations.get(number) != partition.generation:
                continue
            beyond = {topic: end for topic, end in ends.items() if end > partition.positions[topic]}
            silent = time.monotonic() - partition.heard > SILENT_SECONDS
            if beyond and (silent or number in self._committer.epoch.shares):
                partition.positions = partition.positions | beyond
                self._committer.epoch.share(number)

    def _lap(self, stage: str) -> None:
        """Counts the time since the lap before, of this thread alone, for the stage."""
        now = time.thread_time()
        self._metrics.stage_seconds.labels(stage).inc(now - self._lapped)
        self._lapped = now

    def _forget(self, partitions: set[int]) -> None:
        self._partitions.let_go(partitions)
        for number in partitions:
            self._committer.epoch.shares.pop(number, None)
            self._metrics.sweep_instant.remove(str(number))

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
