"""After a commit that failed for good nothing is committed any more, whatever still waits for its turn."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message

from stream.core.partitioner import partition_of
from stream.runtime.adoption import Restored
from stream.runtime.commit import Committer
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partitions
from stream.runtime.poll import Poll
from stream.runtime.store import Marker, StoreError
from stream.runtime.worker import Worker
from tests.fault.committing import Committing
from tests.integration.deployment import PARTITIONS, Broker, deploy
from tests.integration.topics import read_all
from tests.integration.traffic import BEGIN, wire

pytestmark = pytest.mark.kafka

PARTITION = partition_of(b"lead-1", PARTITIONS)


@pytest.fixture
def committing(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Committing]:
    deployment = deploy(real_kafka, tmp_path, request.node.name)
    deployment.create_topics()
    found = Committing(deployment, tmp_path / "store", monkeypatch)
    yield found
    found.close()


def click(topic: str, offset: int) -> Message:
    event = {"id": f"e{offset}", "lead": "lead-1", "time": BEGIN, "type": "web", "name": "demo_request", "path": "",
             "properties": {}}  # fmt: skip
    return Message(
        topic=topic, partition=PARTITION, offset=offset, key=b"lead-1", value=wire(event),
        timestamp=(TIMESTAMP_CREATE_TIME, BEGIN),
    )  # fmt: skip


def test_a_poll_that_waits_behind_a_failed_release_is_not_committed_over_the_gap(committing: Committing) -> None:
    settings, metrics = committing.settings, Metrics()
    partitions, models = Partitions(committing.store, 1_000), Models(settings, metrics)
    committer = Committer(settings, committing.transactions, partitions, models, metrics, lambda _: None)
    worker = Worker(settings, committer, partitions, models, metrics)
    group = committing.consumer.consumer_group_metadata()
    changelog = committing.deployment.names.changelog
    anew = Restored(Marker(0, None, None), {}, {committing.topic: 0}, PARTITIONS, {})

    def polled(number: int, *messages: Message) -> Poll:
        return Poll(number, list(messages), {PARTITION: 1}, group)

    async def scenario() -> None:
        await worker.adopt(PARTITION, 1, anew, group)
        committing.store.full = True
        with pytest.raises(StoreError):
            await worker.release({PARTITION + 1}, group)
        committing.store.full = False  # the disk has room again before the worker has come to its end
        committed = read_all(committing.deployment.broker, changelog)
        await worker.take(polled(0, click(committing.topic, 0)), PARTITIONS)
        await worker.take(polled(1), PARTITIONS)
        assert await worker.adopt(PARTITION + 1, 1, anew, group) is None
        assert read_all(committing.deployment.broker, changelog) == committed
        assert committing.store.marker(PARTITION) is None
        await worker.close()

    asyncio.run(scenario())
