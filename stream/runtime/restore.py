"""Restoring a partition: the changelog's tail, from where the local store ends, in steps that never block for long."""

import logging
import time
from collections.abc import Callable, Collection
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.settings import Settings
from stream.runtime import partition_row
from stream.runtime.connection import changelog_consumer, explain
from stream.runtime.metrics import Metrics
from stream.runtime.spans import Span, find_spans
from stream.runtime.store import Marker, Store

STEP_SECONDS: Final = 0.05
BATCH: Final = 4_000
MANY: Final = 200_000
"""So many offsets make a restore long enough for most of its rows to be merged when it is over."""
# Compaction drops the removal of a row a day after it at the earliest (the topics' check sees to it). To local rows of
# before then, the row would be there for ever.
STALE_SECONDS: Final = 20 * 3600.0
TOLD_EVERY: Final = 5.0

log = logging.getLogger(__name__)


class Restorer:
    """Reads changelog partitions into the store. Every call comes from the poll thread."""

    def __init__(self, settings: Settings, topic: str, store: Store, metrics: Metrics) -> None:
        self._topic = topic
        self._store = store
        self._metrics = metrics
        self._reader = Consumer(changelog_consumer(settings, "read_committed"))
        # The end that counts is that of all records: an open transaction of a dead owner hides committed rows.
        self._ends = Consumer(changelog_consumer(settings, "read_uncommitted"))
        self._running: dict[int, _Progress] = {}
        self._anew: set[int] = set()

    @property
    def reading(self) -> bool:
        """Whether there is anything to be read: then `step` waits for it."""
        return any(progress.remaining() for progress in self._running.values())

    def begin(self, partitions: Collection[int], unanswered: list[KafkaException]) -> set[int]:
        """Starts partitions where their local rows end, or from nothing. Returns those that were started; why others
        were not is added to `unanswered`, and they are to be begun again.
        """
        wanted = [TopicPartition(self._topic, partition) for partition in sorted(partitions)]
        found = find_spans(self._ends, wanted, unanswered)
        for (_, partition), span in found.items():
            self._begin(partition, span)
        if sum(progress.remaining() for progress in self._running.values()) > MANY:
            self._store.merge(late=True)
        return {partition for _, partition in found}

    def _begin(self, partition: int, span: Span) -> None:
        low, end = span
        marker = self._store.marker(partition)
        if marker is not None and marker.offset > end:
            log.warning(
                "partition %d: the changelog is not the one the local rows are from; reading it anew", partition
            )
            self._store.forget(partition)
            marker = None
        if marker is not None and marker.offset < end and self._store.age(partition) > STALE_SECONDS:
            log.info("partition %d: the local rows are too old to be gone on with; reading it anew", partition)
            self._store.forget(partition)
            marker = None
        marker = marker or Marker(low, None, None)
        first = max(low, marker.offset)
        self._running[partition] = _Progress(first, end, marker)
        if first < end:
            self._reader.incremental_assign([TopicPartition(self._topic, partition, first)])
            log.info("partition %d: restoring changelog offsets %d to %d", partition, first, end)

    def cancel(self, partition: int) -> None:
        """Stops a partition; what was restored stays and is continued next time."""
        self._anew.discard(partition)
        progress = self._running.pop(partition, None)
        if progress is not None and progress.first < progress.end:
            self._reader.incremental_unassign([TopicPartition(self._topic, partition)])
            self._metrics.restore_remaining.remove(str(partition))
        if not self._running:
            self._store.merge(late=False)

    def percents(self) -> dict[int, int]:
        """How much of each partition under way has been read. May be called from any thread."""
        return {partition: progress.percent() for partition, progress in self._running.copy().items()}

    def step(self, finished: Callable[[int, Marker], None]) -> None:
        """Reads for a moment; calls `finished` for each partition that has all its rows. Raises KafkaException."""
        unanswered: list[KafkaException] = []
        if self._anew:
            self._anew -= self.begin(self._anew, unanswered)
        until = time.monotonic() + STEP_SECONDS
        while self.reading and (left := until - time.monotonic()) > 0:
            # The first one is waited for; a call for all of them would wait until there are so many.
            messages = self._reader.consume(1, left)
            if messages:
                self._take(messages + self._reader.consume(BATCH - 1, 0))
        for partition in [each for each, progress in self._running.items() if not progress.remaining()]:
            progress = self._running[partition]
            self.cancel(partition)
            marker = progress.marker()
            self._store.write({partition: ({}, marker)})
            self._metrics.restore_seconds.observe(progress.seconds())
            log.info("partition %d: restored %s", partition, progress.told())
            finished(partition, marker)
        for partition, progress in self._running.items():
            self._metrics.restore_remaining.labels(str(partition)).set(progress.remaining())
            if progress.is_worth_telling():
                log.info("partition %d: %d%% restored, %s", partition, progress.percent(), progress.told())
        if unanswered:
            raise unanswered[0]

    def close(self) -> None:
        self._reader.close()
        self._ends.close()

    def _take(self, messages: list[Message]) -> None:
        """Writes what was read, with how far it goes."""
        rows: dict[int, dict[bytes, bytes | None]] = {}
        number: int | None = None
        taken = 0
        # Methods of the class, mapped, take a fifth less than those of each message.
        places, errors = map(Message.partition, messages), map(Message.error, messages)
        content = map(Message.offset, messages), map(Message.key, messages), map(Message.value, messages)
        for partition, error, offset, key, value in zip(places, errors, *content, strict=True):
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                self._meet(error, partition)
                number = None
                continue
            assert partition is not None and offset is not None
            if partition != number:  # they come in runs of one partition
                number, progress, found = partition, self._running.get(partition), rows.setdefault(partition, {})
            if progress is None:
                continue
            if error is not None:
                # Control records have offsets too: at the end of the readable part, nothing lies before the offset.
                progress.next = max(progress.next, offset)
                continue
            progress.next = offset + 1
            progress.records += 1
            taken += 1
            assert isinstance(key, bytes)
            assert value is None or isinstance(value, bytes)
            if key == partition_row.KEY:
                progress.row = value
            elif key == partition_row.DEFINITIONS_KEY:
                progress.definitions = value
            else:
                found[key] = value
        self._metrics.restored_rows.inc(taken)
        known = {each: found for each, found in rows.items() if each in self._running}
        self._store.write({each: (found, self._running[each].marker()) for each, found in known.items()}, whole=False)

    def _meet(self, error: KafkaError, partition: int | None) -> None:
        """Passing errors the client mends by itself; a place that is gone means to read from the beginning."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET and partition in self._running:
            log.warning("partition %d: the changelog no longer has the place to go on from; reading it anew", partition)
            self.cancel(partition)
            self._store.forget(partition)
            # Later, and again where no broker answers: what others have read in this step must be written first.
            self._anew.add(partition)
        elif error.fatal():
            raise KafkaException(error)
        else:
            log.warning("while restoring: %s", explain(error))


class _Progress:
    """One partition's way to the end."""

    def __init__(self, first: int, end: int, local: Marker) -> None:
        self.first = first
        self.next = first
        self.end = end
        self.row = local.row
        self.definitions = local.definitions
        self.records = 0
        self._began = self._told = time.monotonic()

    def marker(self) -> Marker:
        return Marker(self.next, self.row, self.definitions)

    def remaining(self) -> int:
        """How many offsets; compaction has left records at only some of them."""
        return max(0, self.end - self.next)

    def percent(self) -> int:
        return 100 - 100 * self.remaining() // max(1, self.end - self.first)

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def told(self) -> str:
        return (
            f"{self.records} rows in {self.seconds():.1f} s, {self.records / max(self.seconds(), 0.001):.0f} a second"
        )

    def is_worth_telling(self) -> bool:
        """Now and then."""
        if time.monotonic() - self._told <= TOLD_EVERY:
            return False
        self._told = time.monotonic()
        return True
