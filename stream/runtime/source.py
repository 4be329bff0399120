"""The poll thread: owner of the consumer and of every call to it.

The changelog is what is subscribed, and it is never fetched. Its assignment says which partition numbers are this
worker's, and those of every input topic are fetched along with it: so a lead's events of all topics always meet in one
worker, which the cooperative assignor, balancing single partitions, would not see to; and workers whose settings name
other inputs, as in a rolling change, still share one assignment.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.assignment import Assignment
from stream.runtime.commit import Rewind
from stream.runtime.connection import explain, input_consumer
from stream.runtime.metrics import Metrics
from stream.runtime.restore import Restorer
from stream.runtime.store import Store
from stream.runtime.topics import Topics, TopicsError, check_topics
from stream.runtime.worker import POLL_RECORDS, Poll, Worker

RETRY_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 0.1
BUSY_SECONDS: Final = 0.01
LONGEST_WAIT: Final = 0.5
HEARTBEAT_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 0.3

log = logging.getLogger(__name__)

Put = Callable[[Poll, int], Coroutine[Any, Any, None]]


class Source:
    """Fetches, and follows the group. `run` is the thread's body; the rest may be called from the loop."""

    def __init__(self, settings: Settings, store: Store, metrics: Metrics) -> None:
        self._settings = settings
        self._changelog = TopicNames.of(settings.topics).changelog
        self._store = store
        self._metrics = metrics
        self._rewinds: queue.SimpleQueue[Rewind] = queue.SimpleQueue()
        self._quit = threading.Event()
        self._putting: Future[Any] | None = None
        self._assignment: Assignment | None = None
        self._polls = 0
        self._open = False
        self._last_put = 0.0
        self.trouble: str | None = "not connected yet"

    @property
    def assigned(self) -> bool:
        """Whether the group has given this worker its share, which may be nothing."""
        return self._assignment is not None and self._assignment.given

    @property
    def restoring(self) -> set[int]:
        """Partitions that are assigned and not being scored yet."""
        return set() if self._assignment is None else self._assignment.unready

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
        topics = self._connect(worker, loop)
        if topics is None:
            return
        consumer = Consumer(input_consumer(self._settings) | {"error_cb": self._on_error})
        restorer = Restorer(self._settings, self._changelog, self._store, self._metrics)
        assignment = Assignment(self._settings, topics.partitions, consumer, restorer, worker, loop, self._metrics)
        self._assignment = assignment
        consumer.subscribe(
            [self._changelog], on_assign=assignment.gain, on_revoke=assignment.revoke, on_lost=assignment.lose
        )
        try:
            while not self._quit.is_set():
                while not self._rewinds.empty():
                    assignment.refetch(self._rewinds.get())
                    self._open = True
                try:
                    self._open |= assignment.advance()
                except KafkaException as error:
                    self._tell_or_raise(error.args[0])
                self._fetch(consumer, assignment, put, loop)
        except CancelledError:
            log.debug("the poll thread was stopped while it waited for the agent")
        restorer.close()
        consumer.close()  # revokes, which finishes the open epoch

    def _connect(self, worker: Worker, loop: asyncio.AbstractEventLoop) -> Topics | None:
        """Waits for brokers, topics and the transactional id; None when told to stop before."""
        while not self._quit.is_set():
            try:
                topics = check_topics(self._settings)
                self._store.claim(topics.home)
                asyncio.run_coroutine_threadsafe(worker.open(), loop).result()
                self.trouble = None
                return topics
            except TopicsError as error:
                self._tell(str(error))
            except KafkaException as error:
                self._tell_or_raise(error.args[0])
            self._quit.wait(RETRY_SECONDS)
        return None

    def _fetch(self, consumer: Consumer, assignment: Assignment, put: Put, loop: asyncio.AbstractEventLoop) -> None:
        """One poll, handed over where it brought something, ends an epoch, or is due as a sign of life."""
        wait = min(LONGEST_WAIT, self._settings.limits.epoch / 1000) if self._open else IDLE_SECONDS
        messages = consumer.consume(1, BUSY_SECONDS if assignment.busy else wait)
        if messages:
            messages += consumer.consume(POLL_RECORDS - 1, 0)
        good = [message for message in messages if self._is_good(message, assignment)]
        only_marks = bool(messages) and not good  # ends of partitions, after which a record may come at once
        if good:
            self.trouble = None
        good = assignment.in_order(good)
        silent = time.monotonic() - self._last_put > HEARTBEAT_SECONDS
        if good or (self._open and not only_marks) or silent:
            self._open = bool(good)
            # What was held comes all at once.
            for start in range(0, max(1, len(good)), POLL_RECORDS):
                self._hand_over(good[start : start + POLL_RECORDS], put, assignment, loop)
        if silent:
            assignment.measure_lag()
            self._try_again(consumer)

    def _hand_over(
        self, messages: list[Message], put: Put, assignment: Assignment, loop: asyncio.AbstractEventLoop
    ) -> None:
        poll = Poll(self._polls, messages, assignment.generations(), assignment.group)
        self._putting = asyncio.run_coroutine_threadsafe(put(poll, assignment.partitions), loop)
        if self._quit.is_set():  # `quit` may have looked before there was anything to cancel
            self._putting.cancel()
        self._putting.result()
        self._putting = None
        self._polls += 1
        self._last_put = time.monotonic()

    def _is_good(self, message: Message, assignment: Assignment) -> bool:
        error, topic, partition = message.error(), message.topic(), message.partition()
        if error is None:
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            assert topic is not None and partition is not None
            assignment.reach_end(topic, partition)
            return False
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise KafkaException(error)
        self._tell_or_raise(error)
        return False

    def _try_again(self, consumer: Consumer) -> None:
        """The client says when brokers go and not when they come back: an idle worker has to ask."""
        if self.trouble is not None:
            try:
                consumer.list_topics(self._changelog, timeout=ANSWER_SECONDS)
                self.trouble = None
                log.info("the brokers answer again")
            except KafkaException as error:
                self._tell(explain(error))

    def _on_error(self, error: KafkaError) -> None:
        self._tell(explain(error))

    def _tell_or_raise(self, error: KafkaError) -> None:
        if error.fatal():
            raise KafkaException(error)
        self._tell(explain(error))

    def _tell(self, text: str) -> None:
        if text != self.trouble:
            log.error("%s", text)
        self.trouble = text
