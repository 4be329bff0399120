"""What the group gives and takes, and the way of each partition to being scored. Called by the poll thread alone.

waiting: the group's offsets are asked for. restoring: the changelog is read. restored: the input topics, settings and
model are looked at. placed: it has a generation and is to be fetched from these offsets. fetched: its records come.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.adoption import Restored, first_offset
from stream.runtime.catch_up import CatchUp
from stream.runtime.commit import Rewind, WorkerError
from stream.runtime.ends import Ends
from stream.runtime.lag import measure_lag
from stream.runtime.metrics import Metrics
from stream.runtime.place_in_group import PlaceInGroup
from stream.runtime.restore import Restorer
from stream.runtime.spans import Span, find_spans
from stream.runtime.store import Marker
from stream.runtime.topics import Topics
from stream.runtime.worker import Worker

COMMITTED_SECONDS: Final = 0.3
AGAIN_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class Assignment:
    """This worker's share of the partitions."""

    def __init__(
        self,
        settings: Settings,
        found: Topics,
        consumer: Consumer,
        restorer: Restorer,
        worker: Worker,
        loop: asyncio.AbstractEventLoop,
        metrics: Metrics,
        group_of: Callable[[Consumer], Any],
    ) -> None:
        """`found`: the topics as they were at the start. `group_of`: what the delivery wants to know of the consumer's
        place in the group.
        """
        names = TopicNames.of(settings.topics)
        self.topics = [names.input(channel) for channel in settings.topics.inputs]
        self._skip_missing = settings.topics.missing_events == "skip"
        self._consumer = consumer
        self._restorer = restorer
        self._worker = worker
        self._loop = loop
        self._metrics = metrics
        self._committed: dict[int, dict[str, int]] = {}
        self._waiting: set[int] = set()
        self._restoring: set[int] = set()
        self._restored: dict[int, Marker] = {}
        self._placed: dict[int, dict[str, int]] = {}
        self._fetched: set[int] = set()
        self._generations: dict[int, int] = {}
        self._generation = 0
        self._not_before = 0.0
        self._catch_up = CatchUp()
        self._ends = Ends()
        self.partitions = found.partitions
        self._ids = found.ids
        self.given = False
        self.group = PlaceInGroup(settings, consumer, group_of)

    @property
    def unready(self) -> set[int]:
        """Partitions that are assigned and not being scored yet."""
        return self._waiting | self._restoring | set(self._restored) | set(self._placed)

    @property
    def restoring(self) -> bool:
        """Whether `advance` reads the changelog, and waits for it where nothing is there yet."""
        return self._restorer.reading

    @property
    def catching_up(self) -> bool:
        """Whether records are held that should not wait for others for long."""
        return self._catch_up.active

    def generations(self) -> dict[int, int]:
        """The partitions being fetched, each with its generation."""
        return dict(self._generations)

    def gain(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Called back by the group."""
        # Without a call of its own here the client would assign the subscribed topic by itself.
        consumer.incremental_assign([])
        self.group.take()
        self.given = True
        numbers = {each.partition for each in partitions}
        if any(number >= self.partitions for number in numbers):
            raise WorkerError(
                f"the topics had {self.partitions} partitions and have more now: leads would move away from their "
                "state. Begin anew with topics of another prefix"
            )
        self._waiting |= numbers
        if numbers:
            log.info("assigned partitions %s", sorted(numbers))

    def revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Called back by the group: finishes what is open, then lets go."""
        gone = {each.partition for each in partitions}
        log.info("revoked partitions %s", sorted(gone))
        self._call(self._worker.release(gone & set(self._generations), self.group.now))
        self._drop(gone)

    def lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Called back by the group: others have them already."""
        gone = {each.partition for each in partitions}
        log.warning("lost partitions %s: the group gave them to another worker", sorted(gone))
        self._call(self._worker.lose(gone & set(self._generations)))
        self._drop(gone)

    def advance(self) -> bool:
        """Brings partitions on their way; whether one has arrived. Raises KafkaException if no broker answers: for the
        partitions that wait for that one, after the others have been seen to.
        """
        unanswered: list[KafkaException] = []
        if self._waiting:
            self._ask_committed(unanswered)
        if self._restoring:
            self._restorer.step(self._finish_restore)
        arrived = self._arrive(unanswered)
        self._metrics.partitions.labels("owned").set(len(self._generations))
        self._metrics.partitions.labels("restoring").set(len(self.unready))
        if unanswered:
            raise unanswered[0]
        return arrived

    def in_order(self, messages: list[Message]) -> list[Message]:
        """What may be scored now of what was fetched: everything, but for partitions that catch up."""
        self._ends.leave(messages)
        if not self._catch_up.active:
            return messages
        ready, hold = self._catch_up.take(messages)
        if hold.pause:
            self._consumer.pause(hold.pause)
        if hold.resume:
            self._consumer.resume(hold.resume)
        return ready

    def reach_end(self, topic: str, partition: int, offset: int) -> None:
        """The client has fetched all that a partition of a topic has, up to this offset (exclusive)."""
        self._catch_up.reach_end(topic, partition)
        self._ends.meet(topic, partition, offset)

    def at_end(self) -> dict[int, dict[str, int]]:
        """Partitions of which nothing is left to read: every topic's end was met, and nothing came since or is held.
        Each with its ends (exclusive) by topic.
        """
        return {
            each: {topic: self._ends.offset(topic, each) for topic in self.topics}
            for each in self._fetched
            if self._ends.holds(self.topics, each) and not self._catch_up.holds(each)
        }

    def refetch(self, order: Rewind) -> None:
        """Fetches a partition again from an earlier place, if it is still this worker's."""
        if order.partition not in self._generations:
            return
        self._generation = max(self._generation, order.generation)
        self._generations[order.partition] = order.generation
        if order.partition in self._fetched:
            self._stop_fetching({order.partition})
        self._placed[order.partition] = order.positions

    def reload(self) -> None:
        """Brings every partition back from the changelog: what it holds was decided without this worker's knowledge."""
        mine = set(self._generations) | self.unready
        self._drop(mine)
        self._waiting |= mine

    def measure_lag(self) -> None:
        """How far the fetched partitions are from their ends."""
        fetched = [each for partition in self._fetched for each in self._inputs(partition)]
        measure_lag(self._consumer, fetched, self._ends, self._metrics)

    def _ask_committed(self, unanswered: list[KafkaException]) -> None:
        """First the group's offsets: while a dead owner's transaction is open they are not to be had, and until it is
        ended the changelog's end is not known either.
        """
        wanted = [each for partition in self._waiting for each in self._inputs(partition)]
        try:
            found = self._consumer.committed(wanted, timeout=COMMITTED_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError._TIMED_OUT, KafkaError._WAIT_COORD):
                raise
            return
        for each in found:
            if each.error is not None:
                raise KafkaException(each.error)
        begun = self._restorer.begin(self._waiting, unanswered)
        for partition in begun:
            self._committed[partition] = {
                each.topic: each.offset for each in found if each.partition == partition and each.offset >= 0
            }
        self._waiting -= begun
        self._restoring |= begun

    def _finish_restore(self, partition: int, marker: Marker) -> None:
        self._restoring.discard(partition)
        self._restored[partition] = marker
        self._not_before = 0.0

    def _arrive(self, unanswered: list[KafkaException]) -> bool:
        """Fetches what is placed, and what can be adopted of what is restored; whether there was any."""
        due = set(self._placed)
        if self._restored and time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + AGAIN_SECONDS
            due |= set(self._restored)
        wanted = [each for partition in sorted(due) for each in self._inputs(partition)]
        found = find_spans(self._consumer, wanted, unanswered) if wanted else {}
        arrived = False
        for partition in sorted(due):
            spans = {topic: found[topic, partition] for topic in self.topics if (topic, partition) in found}
            if len(spans) < len(self.topics) or (partition in self._restored and not self._adopt(partition, spans)):
                continue
            self._fetch(partition, spans)
            arrived = True
        return arrived

    def _adopt(self, partition: int, spans: dict[str, Span]) -> bool:
        lows = {topic: span.low for topic, span in spans.items()}
        restored = Restored(self._restored[partition], self._committed[partition], lows, self.partitions, self._ids)
        generation = self._generation + 1
        positions = self._call(self._worker.adopt(partition, generation, restored, self.group.now))
        if positions is None:
            return False
        self._generation = generation
        self._generations[partition] = generation
        del self._restored[partition], self._committed[partition]
        self._placed[partition] = positions
        log.info("partition %d: scoring from %s", partition, positions)
        return True

    def _fetch(self, partition: int, spans: dict[str, Span]) -> None:
        """Fetches from where it is placed."""
        positions = self._placed.pop(partition)
        starts = []
        for each in self._inputs(partition):
            position = positions[each.topic]
            each.offset = first_offset(each, position, spans[each.topic], self._skip_missing)
            if each.offset != position:
                self._call(self._worker.skip(partition, each.topic, each.offset))
            starts.append(each)
        self._consumer.incremental_assign(starts)
        self._catch_up.start(partition, {each.topic: (each.offset, spans[each.topic].end) for each in starts})
        self._fetched.add(partition)

    def _inputs(self, partition: int) -> list[TopicPartition]:
        return [TopicPartition(topic, partition) for topic in self.topics]

    def _drop(self, gone: set[int]) -> None:
        for partition in gone & self._restoring:
            self._restorer.cancel(partition)
        # Also with nothing to unassign: without a call of its own the client would try with what was subscribed.
        for each in self._stop_fetching(gone & self._fetched):
            self._metrics.lag.remove(each.topic, str(each.partition))
        self._waiting -= gone
        self._restoring -= gone
        for partition in gone:
            self._generations.pop(partition, None)
            self._restored.pop(partition, None)
            self._placed.pop(partition, None)
            self._committed.pop(partition, None)

    def _stop_fetching(self, partitions: set[int]) -> list[TopicPartition]:
        """Returns what is no longer fetched."""
        paused = [each for partition in partitions for each in self._catch_up.forget(partition)]
        if paused:
            self._consumer.resume(paused)
        fetched = [each for partition in partitions for each in self._inputs(partition)]
        self._consumer.incremental_unassign(fetched)
        self._fetched -= partitions
        for each in fetched:
            self._ends.forget(each.topic, each.partition)
        return fetched

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs it on the loop and waits. The loop never waits for this thread, so this cannot lock up."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
