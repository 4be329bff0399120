"""Restoring a partition: the changelog's tail, from where the local store ends, in steps that never block for long."""

import logging
import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.settings import Settings
from stream.runtime import partition_row
from stream.runtime.connection import changelog_consumer, explain
from stream.runtime.metrics import Metrics
from stream.runtime.store import Marker, Store

STEP_SECONDS: Final = 0.05
BATCH: Final = 10_000
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

    def begin(self, partition: int) -> None:
        """Starts a partition where its local rows end, or from nothing. Raises KafkaException if no broker answers."""
        low, end = self._ends.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=5, cached=False)
        marker = self._store.marker(partition)
        if marker is not None and marker.offset > end:
            log.warning(
                "partition %d: the changelog is not the one the local rows are from; reading it anew", partition
            )
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

    def step(self, finished: Callable[[int, Marker], None]) -> None:
        """Reads for a moment; calls `finished` for each partition that has all its rows. Raises KafkaException."""
        for partition in sorted(self._anew):
            self.begin(partition)
            self._anew.discard(partition)
        if any(progress.next < progress.end for progress in self._running.values()):
            self._read()
        for partition in [each for each, progress in self._running.items() if progress.next >= progress.end]:
            progress = self._running[partition]
            self.cancel(partition)
            marker = progress.marker()
            self._store.write({partition: ({}, marker)})
            log.info("partition %d: restored %d rows in %.1f s", partition, progress.rows, progress.seconds())
            finished(partition, marker)

    def close(self) -> None:
        self._reader.close()
        self._ends.close()

    def _read(self) -> None:
        rows: dict[int, dict[bytes, bytes | None]] = {}
        for message in self._reader.consume(BATCH, STEP_SECONDS):
            partition, offset, error = message.partition(), message.offset(), message.error()
            progress = self._running.get(-1 if partition is None else partition)
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                self._meet(error, partition)
                continue
            if progress is None:
                continue
            assert partition is not None and offset is not None
            if error is not None:
                # Control records have offsets too: at the end of the readable part, nothing lies before the offset.
                progress.next = max(progress.next, offset)
                continue
            key, value = message.key(), message.value()
            assert isinstance(key, bytes)
            assert value is None or isinstance(value, bytes)
            found = rows.setdefault(partition, {})
            if key == partition_row.KEY:
                progress.row = value
            elif key == partition_row.DEFINITIONS_KEY:
                progress.definitions = value
            else:
                found[key] = value
                progress.rows += 1
            progress.next = offset + 1
            self._metrics.restored_rows.inc()
        known = {each: found for each, found in rows.items() if each in self._running}
        self._store.write({each: (found, self._running[each].marker()) for each, found in known.items()})
        for partition, progress in self._running.items():
            progress.tell(partition)

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
        self.rows = 0
        self._began = self._told = time.monotonic()

    def marker(self) -> Marker:
        return Marker(self.next, self.row, self.definitions)

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def tell(self, partition: int) -> None:
        if time.monotonic() - self._told > TOLD_EVERY:
            self._told = time.monotonic()
            done = 100 * (self.next - self.first) / max(1, self.end - self.first)
            log.info("partition %d: restored %d rows (%.0f%%)", partition, self.rows, done)
