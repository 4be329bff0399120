"""A worker that comes late to several topics: every event still counts where it belongs."""

from pathlib import Path

import pytest

from stream.models.rules import rules_model
from tests.integration.deployment import Broker, deploy
from tests.integration.expectation import assert_no_id_twice, expect, scorer
from tests.integration.process import WorkerProcess
from tests.integration.test_several_topics import TOPICS, assert_final_features, by_topic
from tests.integration.topics import Input, read_all
from tests.integration.traffic import traffic


@pytest.mark.kafka
def test_sixty_days_of_four_topics_are_taken_without_one_late_event(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": list(TOPICS)})
    deployment.create_topics()
    arrivals = traffic(seed=11, leads=60, events=3_000, days=60)
    sent = list(zip(by_topic(deployment, arrivals), arrivals, strict=True))
    # One topic after the other, the last ones first: read as it was sent, most of it would be beyond the horizon.
    sent.sort(key=lambda each: each[0].topic, reverse=True)
    inputs = Input(deployment.broker)
    triggers = inputs.send([record for record, _ in sent])
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        worker.wait_until_scored(inputs.ends)
        worker.stop()

    assert read_all(deployment.broker, deployment.names.dead_letters) == []
    in_time = sorted(zip(sent, triggers, strict=True), key=lambda each: each[0][1].timestamp)
    log = [(arrival.event, trigger) for (_, arrival), trigger in in_time]
    rules = scorer(rules_model(deployment.settings), deployment.settings)
    assert_final_features(deployment, expect(deployment, log, lambda _: rules))
    assert_no_id_twice(deployment)
