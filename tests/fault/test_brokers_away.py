"""Brokers that die under a worker: it lives on, says what is missing, and goes on by itself when they are back."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from stream.models.rules import rules_model
from stream.runtime import partition_row
from tests.brokers.local_kafka import LocalKafka
from tests.faults.load import Load, good
from tests.integration.deployment import PARTITIONS, Broker, Deployment, deploy, few_features
from tests.integration.expectation import (
    assert_latest_is_last,
    assert_no_id_twice,
    assert_state_equals,
    expect,
    in_offset_order,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input
from tests.integration.traffic import traffic

pytestmark = [pytest.mark.kafka, pytest.mark.nightly]

RATE = 2_000
AWAY_SECONDS = 14.0
"""Longer than a session and than a transaction may last."""


@pytest.fixture
def killable() -> Iterator[LocalKafka]:
    """A broker of this test alone, which can be killed."""
    if shutil.which("java") is None and os.environ.get("LEADPULSE_REQUIRE_KAFKA") != "1":
        pytest.skip("NO KAFKA THAT CAN BE KILLED: java is not on the PATH; nothing was proved")
    with LocalKafka() as kafka:
        yield kafka


def wait_for_an_open_commit(deployment: Deployment) -> None:
    """Until a partition row lies in the changelog whose transaction has not ended: between steps 3 and 5."""
    consumer = Consumer(
        {
            "bootstrap.servers": deployment.broker.bootstrap,
            "group.id": "tests",
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 5,
        }
    )
    consumer.assign([TopicPartition(deployment.names.changelog, each, OFFSET_END) for each in range(PARTITIONS)])
    deadline = time.monotonic() + 20
    while True:
        assert time.monotonic() < deadline, "nothing is committed"
        message = consumer.poll(0.5)
        if message is not None and message.error() is None and message.key() == partition_row.KEY:
            return


def test_a_broker_is_killed_for_longer_than_a_transaction_may_last_and_twice_during_a_commit(
    killable: LocalKafka, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    broker = Broker(killable.bootstrap, real=True)
    deployment = deploy(broker, tmp_path, request.node.name, topics={"inputs": ["web"]}, features=few_features())
    deployment.create_topics()
    arrivals = traffic(seed=21, leads=3_000, events=12 * RATE)
    inputs = Input(broker)

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        load = Load(inputs, good(deployment.names.input("web"), arrivals), RATE)
        worker.wait_for(lambda: worker.metric("leadpulse_records_total") > 1_000, 30, "at work")
        for seconds in (AWAY_SECONDS, 2, 2):
            wait_for_an_open_commit(deployment)
            killable.kill()
            worker.wait_for(worker.missing, 20, "missing its broker")
            assert worker.get("/healthz")[0] == 200
            assert worker.get("/readyz")[0] == 503
            time.sleep(seconds)
            killable.start()
            worker.wait_ready(30)
        load.finish()
        worker.wait_until_scored(inputs.ends)
        rolled_back = worker.metric("leadpulse_epochs_total", result="broken")
        assert rolled_back + worker.metric("leadpulse_epochs_total", result="aborted") >= 1
        worker.stop()

    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order(
        [(arrival.event, each.trigger) for arrival, each in zip(arrivals, load.delivered, strict=True)]
    )
    expected = expect(deployment, log, lambda _: rules)
    emissions = read_emissions(deployment)
    assert_no_id_twice(deployment)
    assert emissions == expected.emissions
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
