"""The poll thread: owner of the consumer and of every call to it.

Only the first input topic is subscribed. Its assignment says which partition numbers are this worker's, and those of
every other input topic are fetched along with it: so a lead's events of all topics always meet in one worker, which
the cooperative assignor, balancing single partitions, would not see to.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.connection import explain, input_consumer
from stream.runtime.metrics import Metrics
from stream.runtime.restore import Restorer
from stream.runtime.store import Marker, Store
from stream.runtime.topics import TopicsError, check_topics
from stream.runtime.worker import POLL_RECORDS, Poll, Rewind, Worker

RETRY_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 0.1
HEARTBEAT_SECONDS: Final = 1.0
COMMITTED_SECONDS: Final = 0.3

log = logging.getLogger(__name__)

Put = Callable[[Poll], Coroutine[Any, Any, None]]


class Source:
    """Fetches, restores and follows the group. `run` is the thread's body; the rest may be called from the loop."""

    def __init__(self, settings: Settings, store: Store, metrics: Metrics) -> None:
        names = TopicNames.of(settings.topics)
        self._settings = settings
        self._topics = [names.input(channel) for channel in settings.topics.inputs]
        self._changelog = names.changelog
        self._store = store
        self._metrics = metrics
        self._rewinds: queue.SimpleQueue[Rewind] = queue.SimpleQueue()
        self._quit = threading.Event()
        self._putting: Future[Any] | None = None
        self._committed: dict[int, dict[str, int]] = {}
        self._waiting: set[int] = set()
        self._restoring: set[int] = set()
        self._generations: dict[int, int] = {}
        self._generation = 0
        self._polls = 0
        self._open = False
        self._last_put = 0.0
        self.trouble: str | None = "not connected yet"
        self.assigned = False

    @property
    def restoring(self) -> set[int]:
        """Partitions that are assigned and not being scored yet."""
        return self._waiting | self._restoring

    def rewind(self, order: Rewind) -> None:
        """Hands an order over."""
        self._rewinds.put(order)

    def quit(self) -> None:
        """Makes `run` return soon, whatever it waits for."""
        self._quit.set()
        if self._putting is not None:
            self._putting.cancel()

    def run(self, worker: Worker, put: Put, loop: asyncio.AbstractEventLoop) -> None:
        """Until `quit`. Raises whatever the worker cannot go on after."""
        self._worker, self._put, self._loop = worker, put, loop
        if not self._connect():
            return
        self._consumer = Consumer(input_consumer(self._settings) | {"error_cb": self._on_error})
        self._restorer = Restorer(self._settings, self._changelog, self._store, self._metrics)
        self._consumer.subscribe(
            self._topics[:1], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        try:
            while not self._quit.is_set():
                self._follow()
                self._fetch()
        except CancelledError:
            log.debug("the poll thread was stopped while it waited for the agent")
        self._restorer.close()
        self._consumer.close()  # calls `_on_revoke`, which finishes the open epoch

    def _connect(self) -> bool:
        """Waits for brokers, topics and the transactional id; False when told to stop before."""
        while not self._quit.is_set():
            try:
                self._worker.partition_count = check_topics(self._settings).partitions
                self._call(self._worker.open())
                self.trouble = None
                return True
            except TopicsError as error:
                self._tell(str(error))
            except KafkaException as error:
                if error.args[0].fatal():
                    raise
                self._tell(explain(error))
            self._quit.wait(RETRY_SECONDS)
        return False

    def _follow(self) -> None:
        """Everything between two polls: rewinds, committed offsets, restore."""
        while not self._rewinds.empty():
            self._refetch(self._rewinds.get())
        if self._waiting:
            self._ask_committed()
        if self._restoring:
            self._restorer.step(self._finish_restore)
        self._metrics.partitions.labels("owned").set(len(self._generations))
        self._metrics.partitions.labels("restoring").set(len(self.restoring))

    def _fetch(self) -> None:
        wait = self._settings.limits.epoch / 1000 if self._open else IDLE_SECONDS
        messages = self._consumer.consume(1, 0.0 if self.restoring else wait)
        if messages:
            messages += self._consumer.consume(POLL_RECORDS - 1, 0)
        good = [message for message in messages if self._is_good(message)]
        if good:
            self.trouble = None
        if good or self._open or time.monotonic() - self._last_put > HEARTBEAT_SECONDS:
            self._open = bool(good)
            self._hand_over(good)

    def _hand_over(self, messages: list[Message]) -> None:
        poll = Poll(self._polls, messages, dict(self._generations), self._consumer.consumer_group_metadata())
        self._putting = asyncio.run_coroutine_threadsafe(self._put(poll), self._loop)
        if self._quit.is_set():  # `quit` may have looked before there was anything to cancel
            self._putting.cancel()
        self._putting.result()
        self._putting = None
        self._polls += 1
        if time.monotonic() - self._last_put > HEARTBEAT_SECONDS:
            self._measure_lag()
            self._try_again()
        self._last_put = time.monotonic()

    def _is_good(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.fatal():
            raise KafkaException(error)
        self._tell(explain(error))
        return False

    def _ask_committed(self) -> None:
        """First the group's offsets: while a dead owner's transaction is open they are not to be had, and until it is
        ended the changelog's end is not known either.
        """
        wanted = [TopicPartition(topic, partition) for partition in self._waiting for topic in self._topics]
        try:
            found = self._consumer.committed(wanted, timeout=COMMITTED_SECONDS)
            for each in found:
                if each.error is not None:
                    raise KafkaException(each.error)
            for partition in sorted(self._waiting):
                self._committed[partition] = {
                    each.topic: each.offset for each in found if each.partition == partition and each.offset >= 0
                }
                self._restorer.begin(partition)
                self._waiting.discard(partition)
                self._restoring.add(partition)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError._TIMED_OUT, KafkaError._WAIT_COORD):
                self._tell(explain(error))

    def _finish_restore(self, partition: int, marker: Marker) -> None:
        self._restoring.discard(partition)
        self._generation += 1
        positions = self._call(
            self._worker.adopt(
                partition,
                self._generation,
                marker,
                self._committed.pop(partition),
                self._consumer.consumer_group_metadata(),
            )
        )
        self._generations[partition] = self._generation
        self._consumer.incremental_assign(self._from(partition, positions))
        self._open = True
        log.info("partition %d: scoring from %s", partition, positions or "the beginning")

    def _refetch(self, order: Rewind) -> None:
        if order.partition not in self._generations:
            return
        self._generation = max(self._generation, order.generation)
        self._generations[order.partition] = order.generation
        self._consumer.incremental_unassign(self._from(order.partition, {}))
        self._consumer.incremental_assign(self._from(order.partition, order.positions))
        self._open = True

    def _from(self, partition: int, positions: dict[str, int]) -> list[TopicPartition]:
        return [TopicPartition(topic, partition, positions.get(topic, OFFSET_BEGINNING)) for topic in self._topics]

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Without a call of its own here the client would assign the subscribed topic by itself, before the restore.
        consumer.incremental_assign([])
        self._waiting |= {each.partition for each in partitions}
        self.assigned = True
        if partitions:
            log.info("assigned partitions %s", sorted(each.partition for each in partitions))

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {each.partition for each in partitions}
        log.info("revoked partitions %s", sorted(gone))
        self._call(self._worker.release(gone & set(self._generations), consumer.consumer_group_metadata()))
        self._drop(gone)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {each.partition for each in partitions}
        log.warning("lost partitions %s: the group gave them to another worker", sorted(gone))
        self._call(self._worker.lose(gone & set(self._generations)))
        self._drop(gone)

    def _drop(self, gone: set[int]) -> None:
        for partition in gone & self._restoring:
            self._restorer.cancel(partition)
        fetched = [each for partition in gone & set(self._generations) for each in self._from(partition, {})]
        if fetched:
            self._consumer.incremental_unassign(fetched)
        self._waiting -= gone
        self._restoring -= gone
        for partition in gone:
            self._generations.pop(partition, None)
            self._committed.pop(partition, None)

    def _measure_lag(self) -> None:
        for assigned in self._consumer.position(
            [TopicPartition(topic, partition) for partition in self._generations for topic in self._topics]
        ):
            _, end = self._consumer.get_watermark_offsets(assigned, cached=True)
            if assigned.offset >= 0 and end >= 0:
                lag = max(0, end - assigned.offset)
                self._metrics.lag.labels(assigned.topic, str(assigned.partition)).set(lag)

    def _try_again(self) -> None:
        """The client says when brokers go and not when they come back: an idle worker has to ask."""
        if self.trouble is not None:
            try:
                self._consumer.list_topics(self._topics[0], timeout=COMMITTED_SECONDS)
                self.trouble = None
                log.info("the brokers answer again")
            except KafkaException as error:
                self._tell(explain(error))

    def _on_error(self, error: KafkaError) -> None:
        self._tell(explain(error))

    def _tell(self, text: str) -> None:
        if text != self.trouble:
            log.error("%s", text)
        self.trouble = text

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs it on the loop and waits. The loop never waits for this thread, so this cannot lock up."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
