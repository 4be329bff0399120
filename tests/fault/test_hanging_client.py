"""A call of the client that never returns: what hangs is left to itself, and a new producer goes on."""

import asyncio
import threading
import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from stream.runtime import commit
from stream.runtime.adoption import Restored
from stream.runtime.commit import Committer, Order, Reload
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.outcomes import Broken
from stream.runtime.partitions import Partitions
from stream.runtime.poll import Poll
from stream.runtime.store import Marker
from stream.runtime.threads import Lane
from stream.runtime.worker import Worker
from tests.fault.committing import Committing
from tests.integration.deployment import PARTITIONS, Broker, deploy

PARTITION = 1
HANGS_SECONDS = 6.0


@pytest.mark.kafka
def test_a_commit_that_hangs_is_given_up_and_its_epoch_comes_once(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "LOST_SECONDS", 2.0)
    deployment = deploy(real_kafka, tmp_path, request.node.name)
    deployment.create_topics()
    committing = Committing(deployment, tmp_path / "store", monkeypatch)
    settings, metrics, orders = committing.settings, Metrics(), list[Order]()
    partitions, models = Partitions(committing.store, 1_000), Models(settings, metrics)
    committer = Committer(settings, committing.transactions, partitions, models, metrics, orders.append)
    worker = Worker(settings, committer, partitions, models, metrics)
    group = committing.consumer.consumer_group_metadata()
    new = Restored(Marker(0, None, None), {}, {committing.topic: 0}, PARTITIONS, {})

    async def take_over(poll: int) -> None:
        assert await worker.adopt(PARTITION, poll + 1, new, group) == {committing.topic: 0}
        await worker.take(Poll(poll, [], {PARTITION: poll + 1}, group), PARTITIONS)

    async def scenario() -> None:
        committing.producer.pause(4, HANGS_SECONDS)
        hung = committing.producer
        await take_over(0)
        assert orders == [Reload()]
        assert committer.broken is not None
        assert not partitions.owned
        await open_patiently(worker)
        assert committing.producer is not hung
        await take_over(1)
        await asyncio.sleep(HANGS_SECONDS)  # it returns after all, to a producer that is fenced
        await worker.close()

    asyncio.run(scenario())
    found = committing.visible()
    assert found.positions == {PARTITION: [{committing.topic: 0}]}
    assert committing.store.marker(PARTITION) is not None
    committing.close()


@pytest.mark.kafka
def test_what_returns_after_it_was_given_up_keeps_nothing(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name)
    deployment.create_topics()
    committing = Committing(deployment, tmp_path / "store", monkeypatch)
    committing.commit(committing.epoch(1))
    committing.producer.pause(5.5, 3.0)  # committed, and not in the local store yet
    raised: list[BaseException] = []

    def late() -> None:
        try:
            committing.commit(committing.epoch(2))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=late)
    thread.start()
    time.sleep(1.5)
    committing.transactions.abandon()
    committing.reopen()
    thread.join()
    assert [type(error) for error in raised] == [Broken]
    assert committing.visible() == committing.expected(1, 2)
    assert committing.kept() == committing.expected_kept(1), "the changelog's tail is read by the next restore"
    committing.close()


def test_a_lane_tells_what_was_raised_and_goes_on() -> None:
    lane = Lane("a lane")

    async def scenario() -> None:
        with pytest.raises(ZeroDivisionError):
            await lane.call(lambda: 1 // 0, 5.0)
        with pytest.raises(TimeoutError):
            await lane.call(lambda: time.sleep(0.5), 0.05)
        assert await lane.call(threading.current_thread, 5.0) not in (threading.main_thread(), None)

    asyncio.run(scenario())
    lane.close()


async def open_patiently(worker: Worker) -> None:
    for _ in range(60):
        try:
            await worker.open()
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError("no new producer within its time")
