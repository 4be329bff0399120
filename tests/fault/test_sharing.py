"""Two workers with one job: each lead's events of all topics meet in one of them, while they come and go."""

from pathlib import Path

import pytest

from stream.models.rules import rules_model
from tests.faults.load import Injected, Load
from tests.integration.deployment import PARTITIONS, Broker, deploy, few_features
from tests.integration.expectation import (
    assert_latest_is_last,
    assert_no_id_twice,
    expect,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.test_several_topics import TOPICS, assert_final_features, by_topic
from tests.integration.topics import Input
from tests.integration.traffic import traffic

RATE = 2_000


def owned(worker: WorkerProcess) -> float:
    return worker.metric("leadpulse_partitions", state="owned")


@pytest.mark.kafka
@pytest.mark.nightly  # row 5 of `make faults` is the same with more of everything
def test_workers_join_and_leave_and_every_event_of_four_topics_lands(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(
        real_kafka, tmp_path, request.node.name, topics={"inputs": list(TOPICS)}, features=few_features()
    )
    deployment.create_topics()
    arrivals = traffic(seed=9, leads=1_000, events=16_000, days=7)
    sent = by_topic(deployment, arrivals)
    records = [Injected(record, each.event) for record, each in zip(sent, arrivals, strict=True)]
    inputs = Input(real_kafka)
    half = len(records) // 2

    with WorkerProcess(deployment, "worker-0") as stays, WorkerProcess(deployment, "worker-1") as leaves:
        stays.start_ready()
        first = Load(inputs, records[:half], RATE)
        leaves.start_ready()
        stays.wait_for(lambda: owned(stays) == owned(leaves) == PARTITIONS / 2, 30, "sharing")
        first.finish()
        second = Load(inputs, records[half:], RATE)
        leaves.wait_for(lambda: leaves.metric("leadpulse_records_total") > 500, 30, "doing its part")
        leaves.stop()
        stays.wait_for(lambda: owned(stays) == PARTITIONS, 30, "alone again")
        second.finish()
        stays.wait_until_scored(inputs.ends)
        stays.stop()

    rules = scorer(rules_model(deployment.settings), deployment.settings)
    delivered = first.delivered + second.delivered
    log = [(arrival.event, each.trigger) for arrival, each in zip(arrivals, delivered, strict=True)]
    expected = expect(deployment, log, lambda _: rules)
    assert_final_features(deployment, expected)
    assert_no_id_twice(deployment)
    emissions = read_emissions(deployment)
    assert_latest_is_last(deployment, emissions)
    for story in emissions.values():
        assert [each.sequence for each in story] == list(range(1, len(story) + 1))
        assert [each.previous for each in story] == [None, *(each.score for each in story[:-1])]
