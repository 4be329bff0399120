"""The poll thread on its own, with a backlog of two topics of which one is far ahead of the other in time."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from stream.core.partitioner import partition_of
from stream.runtime import catch_up, restore, source
from stream.runtime.commit import Committer, Rewind
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partitions
from stream.runtime.poll import Poll
from stream.runtime.source import Source
from stream.runtime.store import Store
from stream.runtime.transaction import Transactions
from stream.runtime.worker import Worker
from tests.integration.deployment import PARTITIONS, Broker, Deployment, deploy
from tests.integration.topics import Input, Sent
from tests.integration.traffic import BEGIN

LEAD: Final = b"lead-1"
PARTITION: Final = partition_of(LEAD, PARTITIONS)
EARLY: Final = 20_000
LATE: Final = 7_500


@pytest.fixture
def deployment(mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Deployment:
    """Early records of one topic, late ones of the other, all of one lead."""
    found = deploy(mock_kafka, tmp_path, request.node.name, topics={"inputs": ["email", "web"]})
    found.create_topics()
    early = [Sent(found.names.input("email"), LEAD, b"{}", BEGIN + number) for number in range(EARLY)]
    late = [Sent(found.names.input("web"), LEAD, b"{}", BEGIN + EARLY + number) for number in range(LATE)]
    Input(mock_kafka).send(late + early)
    return found


class Fetching:
    """A source with the worker that takes partitions over; what it hands over is looked at and not scored."""

    def __init__(self, deployment: Deployment, take: Callable[[Poll], None]) -> None:
        settings, metrics = deployment.settings, Metrics()
        self.store = Store(deployment.directory / "store")
        self.source = Source(settings, self.store, metrics, Transactions)
        self._take = take
        partitions, models = Partitions(self.store, 1_000), Models(settings, metrics)
        transactions = Transactions(settings, self.store)
        committer = Committer(settings, transactions, partitions, models, metrics, self.source.order)
        self._worker = Worker(settings, committer, partitions, models, metrics)
        self._loop = asyncio.new_event_loop()

    def run(self, done: Callable[[], bool], seconds: float) -> None:
        """Until it is done, or so many seconds are over."""

        async def put(poll: Poll, partitions: int) -> None:
            self._take(poll)
            if done():
                self.source.quit()

        ended: Future[None] = Future()

        def poll() -> None:
            try:
                self.source.run(self._worker, put, self._loop)
                ended.set_result(None)
            except BaseException as error:
                ended.set_exception(error)

        async def main() -> None:
            thread = threading.Thread(target=poll)
            thread.start()
            self._loop.call_later(seconds, self.source.quit)
            await asyncio.wrap_future(ended)
            thread.join()
            await self._worker.close()

        self._loop.run_until_complete(main())
        self._loop.close()
        self.store.close()


def by_topic(messages: list[Message]) -> Counter[str]:
    return Counter((message.topic() or "").rsplit(".", 1)[1] for message in messages)


def test_what_was_held_is_handed_over_in_polls_of_the_usual_size(deployment: Deployment) -> None:
    polls: list[Poll] = []

    def done() -> bool:
        return sum(len(poll.messages) for poll in polls) >= EARLY + LATE

    Fetching(deployment, polls.append).run(done, 30)
    messages = [message for poll in polls for message in poll.messages]
    assert by_topic(messages) == {"email": EARLY, "web": LATE}
    times = [message.timestamp()[1] for message in messages]
    assert times == sorted(times)
    assert max(len(poll.messages) for poll in polls) <= Transactions.poll_records
    assert [poll.number for poll in polls] == list(range(len(polls)))


class OneLeaderless(Consumer):
    """The client's own consumer, to which nobody answers for partitions before the one with the records."""

    def offsets_for_times(self, partitions: list[TopicPartition], *others: Any, **options: Any) -> Any:
        if any(each.partition < PARTITION for each in partitions):
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return super().offsets_for_times(partitions, *others, **options)

    def list_topics(self, *arguments: Any, **options: Any) -> Any:
        found = super().list_topics(*arguments, **options)
        for topic in found.topics.values():
            for number in range(PARTITION):
                topic.partitions[number].leader = -1
        return found


@pytest.mark.parametrize("module", [source, restore], ids=["input", "changelog"])
def test_partitions_without_a_leader_do_not_keep_the_others_waiting(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    monkeypatch.setattr(module, "Consumer", OneLeaderless)
    polls: list[Poll] = []

    def done() -> bool:
        return sum(len(poll.messages) for poll in polls) >= EARLY + LATE

    Fetching(deployment, polls.append).run(done, 15)
    assert PARTITION > 0
    assert done()


class Silent(Consumer):
    """The client's own consumer, which gets no answer about offsets for as long as it waits: as from brokers away."""

    def get_watermark_offsets(self, place: TopicPartition, timeout: float = 60, cached: bool = False) -> Any:
        return super().get_watermark_offsets(place, cached=True) if cached else self._miss(timeout)

    def offsets_for_times(self, partitions: list[TopicPartition], timeout: float = 60) -> Any:
        self._miss(timeout)

    def _miss(self, seconds: float) -> None:
        time.sleep(seconds)
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


class Late(Consumer):
    """The client's own consumer, with brokers that take half a second for each question about offsets."""

    def get_watermark_offsets(self, place: TopicPartition, timeout: float = 60, cached: bool = False) -> Any:
        time.sleep(0 if cached else 0.5)
        return super().get_watermark_offsets(place, timeout=timeout, cached=cached)

    def offsets_for_times(self, *arguments: Any, **options: Any) -> Any:
        time.sleep(0.5)
        return super().offsets_for_times(*arguments, **options)


@pytest.mark.parametrize("answering", [Silent, Late])
@pytest.mark.parametrize("module", [source, restore], ids=["input", "changelog"])
def test_the_group_is_polled_while_the_brokers_let_many_partitions_wait(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, module: ModuleType, answering: type[Consumer]
) -> None:
    monkeypatch.setattr(module, "Consumer", answering)
    polled: list[float] = []

    class Watched(source.Consumer):  # type: ignore[name-defined,misc]
        def consume(self, *arguments: Any, **options: Any) -> Any:
            polled.append(time.monotonic())
            return super().consume(*arguments, **options)

    monkeypatch.setattr(source, "Consumer", Watched)
    handed_over: list[Poll] = []
    fetching = Fetching(deployment, handed_over.append)
    fetching.run(lambda: any(poll.messages for poll in handed_over), 6)
    assert any(poll.messages for poll in handed_over) == (answering is Late)
    assert max(after - before for before, after in pairwise(polled)) < 3


def test_between_two_steps_of_a_restore_it_does_not_wait_for_records(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Sent(deployment.names.changelog, b"lead-%d" % each, b"row", BEGIN, partition=0) for each in range(2_000)]
    Input(Broker(deployment.settings.kafka.bootstrap, real=False)).send(rows)
    monkeypatch.setattr(restore, "STEP_SECONDS", 0.005)
    monkeypatch.setattr(restore, "BATCH", 50)
    waits: list[float] = []

    class Watched(Consumer):
        def consume(self, most: int = 1, timeout: float = -1) -> Any:
            unread = any(percent < 100 for percent in fetching.source.percents().values())
            if most == 1 and unread:
                waits.append(timeout)
            return super().consume(most, timeout)

    monkeypatch.setattr(source, "Consumer", Watched)
    handed_over: list[Poll] = []
    fetching = Fetching(deployment, handed_over.append)
    fetching.run(lambda: fetching.source.assigned and not fetching.source.restoring, 30)
    assert len(waits) > 5
    assert set(waits) == {0}


def test_a_partition_that_is_fetched_again_while_one_topic_was_stopped_gets_everything(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "HELD_MOST", 100)
    monkeypatch.setattr(catch_up, "HELD_FEW", 20)
    again = Rewind(PARTITION, 100, {deployment.names.input(topic): 0 for topic in ("email", "web")})
    polls: list[Poll] = []

    def take(poll: Poll) -> None:
        polls.append(poll)
        if poll.messages and not any(before.messages for before in polls[:-1]):
            fetching.source.order(again)

    def second() -> list[Message]:
        return [message for poll in polls if poll.generations.get(PARTITION) == 100 for message in poll.messages]

    fetching = Fetching(deployment, take)
    fetching.run(lambda: len(second()) >= EARLY + LATE, 30)
    assert by_topic(second()) == {"email": EARLY, "web": LATE}
