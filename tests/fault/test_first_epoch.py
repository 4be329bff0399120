"""The first epoch of a new partition, which has no records yet: it holds where the inputs begin, and is fenced."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from stream.runtime.adoption import Restored
from stream.runtime.commit import Committer
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partitions
from stream.runtime.poll import Poll
from stream.runtime.store import Marker
from stream.runtime.worker import Worker
from tests.fault.committing import Committing
from tests.fault.test_commit_steps import join
from tests.integration.deployment import PARTITIONS, Broker, deploy
from tests.integration.topics import partition_rows, read_all

pytestmark = pytest.mark.kafka

PARTITION = 2


@pytest.fixture
def committing(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Committing]:
    deployment = deploy(real_kafka, tmp_path, request.node.name)
    deployment.create_topics()
    found = Committing(deployment, tmp_path / "store", monkeypatch)
    yield found
    found.close()


def commit_a_first_epoch(committing: Committing, group: Any) -> Metrics:
    """As a worker does that was given a new partition; returns its metrics."""
    settings, metrics = committing.settings, Metrics()
    partitions, models = Partitions(committing.store, 1_000), Models(settings, metrics)
    committer = Committer(settings, committing.transactions, partitions, models, metrics, lambda _: None)
    worker = Worker(settings, committer, partitions, models, metrics)

    async def scenario() -> None:
        new = Restored(Marker(0, None, None), {}, {committing.topic: 0}, PARTITIONS, {})
        assert await worker.adopt(PARTITION, 1, new, group) == {committing.topic: 0}
        await worker.take(Poll(0, [], {PARTITION: 1}, group), PARTITIONS)
        await worker.close()

    asyncio.run(scenario())
    return metrics


def epochs(metrics: Metrics, result: str) -> float | None:
    return metrics.registry.get_sample_value("leadpulse_epochs_total", {"result": result})


def test_it_tells_the_group_and_the_changelog_where_the_inputs_begin(committing: Committing) -> None:
    metrics = commit_a_first_epoch(committing, committing.consumer.consumer_group_metadata())
    assert epochs(metrics, "committed") == 1
    row = partition_rows(read_all(committing.deployment.broker, committing.deployment.names.changelog))[PARTITION]
    assert row.positions == {committing.topic: 0}
    assert row.partitions == PARTITIONS
    (told,) = committing.consumer.committed([TopicPartition(committing.topic, PARTITION)], timeout=10)
    assert told.offset == 0


def test_of_a_worker_that_lost_the_partition_meanwhile_it_leaves_nothing(committing: Committing) -> None:
    first = join(committing)
    before = first.consumer_group_metadata()
    first.close()
    second = join(committing)
    metrics = commit_a_first_epoch(committing, before)
    second.close()
    assert (epochs(metrics, "aborted"), epochs(metrics, "committed")) == (1, 0)
    assert read_all(committing.deployment.broker, committing.deployment.names.changelog) == []
