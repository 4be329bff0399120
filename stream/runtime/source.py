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

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.assignment import Assignment
from stream.runtime.commit import Delivery, Order, Reload, Tell, WorkerError
from stream.runtime.connection import explain, input_consumer
from stream.runtime.epoch import polls_apart
from stream.runtime.metrics import Metrics
from stream.runtime.poll import Poll, Turn
from stream.runtime.restore import Restorer
from stream.runtime.session import check_session
from stream.runtime.store import Store
from stream.runtime.topics import Topics, TopicsError, check_topics
from stream.runtime.trouble import Trouble
from stream.runtime.worker import Worker

RETRY_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 0.1
BUSY_SECONDS: Final = 0.01
LONGEST_WAIT: Final = 0.5
HEARTBEAT_SECONDS: Final = 1.0

log = logging.getLogger(__name__)

Put = Callable[[Poll, int], Coroutine[Any, Any, None]]


class Source:
    """Fetches, and follows the group. `run` is the thread's body; the rest may be called from the loop."""

    def __init__(self, settings: Settings, store: Store, metrics: Metrics, deliver: type[Delivery]) -> None:
        """`deliver`: how epochs become visible."""
        self._deliver = deliver
        self._settings = settings
        self._changelog = TopicNames.of(settings.topics).changelog
        self._store = store
        self._metrics = metrics
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._quit = threading.Event()
        self._putting: Future[Any] | None = None
        self._assignment: Assignment | None = None
        self._restorer: Restorer | None = None
        self._producer_is_open = True
        self._opening: Future[None] | None = None
        self._open_again = 0.0
        self._polls = 0
        self._open = False
        self._last_put = 0.0
        self._last: Turn | None = None
        self._last_look = 0.0
        self._refused: KafkaError | None = None
        self._trouble = Trouble(settings, metrics)

    @property
    def trouble(self) -> str | None:
        """What stands between the worker and the brokers, in words."""
        return self._trouble.now

    @property
    def assigned(self) -> bool:
        """Whether the group has given this worker its share, which may be nothing."""
        return self._assignment is not None and self._assignment.given

    @property
    def restoring(self) -> set[int]:
        """Partitions that are assigned and not being scored yet."""
        return set() if self._assignment is None else self._assignment.unready

    def percents(self) -> dict[int, int]:
        """How much of each partition that is being restored has been read."""
        return {} if self._restorer is None else self._restorer.percents()

    def order(self, order: Order) -> None:
        """Hands an order over."""
        self._orders.put(order)

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
        self._restorer = restorer = Restorer(self._settings, self._changelog, self._store, self._metrics)
        assignment = Assignment(
            self._settings, topics, consumer, restorer, worker, loop, self._metrics, self._deliver.group_of
        )
        self._assignment = assignment
        consumer.subscribe(
            [self._changelog], on_assign=assignment.gain, on_revoke=assignment.revoke, on_lost=assignment.lose
        )
        try:
            while not self._quit.is_set():
                self._stop_where_refused()
                self._follow_orders(consumer, assignment)
                try:
                    if self._is_open(worker, loop):
                        self._open |= assignment.advance()
                except KafkaException as error:
                    self._tell_or_raise(error.args[0])
                self._open |= worker.unfinished
                self._fetch(consumer, assignment, put, loop)
        except CancelledError:
            log.debug("the poll thread was stopped while it waited for the agent")
        finally:
            try:
                if self._refused is None:  # one that was refused is no member and has nothing to hand over
                    # Revokes, which finishes the open epoch; others need not wait for the session's end.
                    consumer.close()
            finally:
                restorer.close()  # not before: what is revoked may be on its way from the changelog

    def _follow_orders(self, consumer: Consumer, assignment: Assignment) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            if isinstance(order, Reload):
                assignment.reload()
                self._producer_is_open = False
            elif isinstance(order, Tell):
                self._tell_group(order, consumer, assignment)
            else:
                assignment.refetch(order)
                self._open = True

    def _tell_group(self, order: Tell, consumer: Consumer, assignment: Assignment) -> None:
        """Nobody waits for it: the state's own positions count, and the next order mends a loss."""
        offsets = [
            TopicPartition(topic, partition, offset)
            for partition in order.positions.keys() & assignment.generations().keys()
            for topic, offset in order.positions[partition].items()
            if topic in assignment.topics
        ]
        try:
            if offsets:
                consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.info("the group's offsets were not told: %s", explain(error))

    def _stop_where_refused(self) -> None:
        """After a fatal error the client never asks the group again, and says nothing more about it."""
        if self._refused is None:
            return
        text = f"the group refuses this worker: {explain(self._refused)}"
        if self._settings.kafka.static_membership:
            text += (
                "; give each worker a `worker` of its own, and where the last run of this one was killed, start it "
                "again once the session of that run is over"
            )
        raise WorkerError(text)

    def _is_open(self, worker: Worker, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether there is a producer. Asks for a new one where the last broke, and never waits for it: the group wants
        to be polled. Raises KafkaException.
        """
        if self._producer_is_open:
            return True
        if self._opening is None and time.monotonic() >= self._open_again:
            self._open_again = time.monotonic() + RETRY_SECONDS
            self._opening = asyncio.run_coroutine_threadsafe(worker.open(), loop)
        if self._opening is not None and self._opening.done():
            opening, self._opening = self._opening, None
            opening.result()
            self._producer_is_open = True
            log.info("there is a new producer")
        return self._producer_is_open

    def _connect(self, worker: Worker, loop: asyncio.AbstractEventLoop) -> Topics | None:
        """Waits for brokers, topics and the transactional id; None when told to stop before."""
        while not self._quit.is_set():
            try:
                topics = check_topics(self._settings)
                check_session(self._settings)
                self._store.claim(topics.home)
                asyncio.run_coroutine_threadsafe(worker.open(), loop).result()
                self._trouble.hear()
                return topics
            except TopicsError as error:
                self._trouble.tell(str(error))
            except KafkaException as error:
                self._tell_or_raise(error.args[0])
            self._quit.wait(RETRY_SECONDS)
        return None

    def _fetch(self, consumer: Consumer, assignment: Assignment, put: Put, loop: asyncio.AbstractEventLoop) -> None:
        """One poll, handed over where it brought something, ends an epoch, or is due as a sign of life."""
        wait = min(LONGEST_WAIT, self._settings.limits.epoch / 1000) if self._open else IDLE_SECONDS
        if assignment.catching_up:
            wait = BUSY_SECONDS
        messages = consumer.consume(1, 0 if assignment.restoring else wait)
        if messages:
            self._gather(messages, consumer, assignment)
        good = [message for message in messages if message.error() is None or self._is_good(message, assignment)]
        only_marks = bool(messages) and not good  # ends of partitions, after which a record may come at once
        if good:
            self._trouble.hear()
        good = assignment.in_order(good)
        silent = time.monotonic() - self._last_put > HEARTBEAT_SECONDS
        if good or (self._open and not only_marks) or silent:
            self._open = bool(good)
            # What was held comes all at once.
            most = self._deliver.poll_records
            for start in range(0, max(1, len(good)), most):
                at_end = assignment.at_end() if start + most >= len(good) else {}
                self._hand_over(good[start : start + most], at_end, put, assignment, loop)
        if time.monotonic() - self._last_look > HEARTBEAT_SECONDS:  # under load too, when it matters most
            self._last_look = time.monotonic()
            assignment.measure_lag()
            self._trouble.ask_again(consumer, self._changelog)

    def _gather(self, messages: list[Message], consumer: Consumer, assignment: Assignment) -> None:
        """Adds what came along and what comes while the last poll is under way: what is handed over before it is done
        only waits, and two polls cost more than one. After a pause a lone event is scored at once.
        """
        most = self._deliver.poll_records
        messages += consumer.consume(most - 1, 0)
        if len(messages) < most and self._last and not (assignment.catching_up or assignment.restoring):
            self._last.done.wait(LONGEST_WAIT)
            apart = polls_apart(self._settings.limits.epoch * self._deliver.gathers) / 1000
            messages += consumer.consume(most - len(messages), max(0.0, self._last.began + apart - time.monotonic()))

    def _hand_over(
        self,
        messages: list[Message],
        at_end: dict[int, dict[str, int]],
        put: Put,
        assignment: Assignment,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        poll = Poll(self._polls, messages, assignment.generations(), assignment.group.now, at_end)
        self._putting = asyncio.run_coroutine_threadsafe(put(poll, assignment.partitions), loop)
        if self._quit.is_set():  # `quit` may have looked before there was anything to cancel
            self._putting.cancel()
        self._putting.result()
        self._putting = None
        self._last = poll.turn if messages else self._last
        self._polls += 1
        self._last_put = time.monotonic()

    def _is_good(self, message: Message, assignment: Assignment) -> bool:
        error, topic, partition = message.error(), message.topic(), message.partition()
        if error is None:
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            offset = message.offset()
            assert topic is not None and partition is not None and offset is not None
            assignment.reach_end(topic, partition, offset)
            return False
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise KafkaException(error)
        self._tell_or_raise(error, topic)
        return False

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._FATAL:
            self._refused = error
        self._trouble.tell(explain(error))

    def _tell_or_raise(self, error: KafkaError, topic: str | None = None) -> None:
        if error.fatal():
            raise KafkaException(error)
        if error.code() == KafkaError._FATAL:  # of which the client does not say that it is fatal
            self._refused = error
        unread = topic if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED else None
        self._trouble.tell(f"topic {topic}: {explain(error)}" if topic else explain(error), unread)
