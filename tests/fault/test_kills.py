"""A worker that is killed without warning, again and again, under load: nothing is lost and nothing comes twice."""

import random
import threading
import time
from pathlib import Path

import pytest

from stream.models.rules import rules_model
from tests.integration.deployment import Broker, deploy, few_features
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
from tests.integration.topics import Input, Sent
from tests.integration.traffic import sent, traffic
from tests.oracle.decisions import Trigger

RATE = 2_000
ROUND = 6_000
KILLS = 3


class Load:
    """Records sent in the background at a steady rate."""

    def __init__(self, inputs: Input, records: list[Sent]) -> None:
        self._triggers: list[Trigger] = []
        self._thread = threading.Thread(target=lambda: self._triggers.extend(inputs.send(records, RATE)))
        self._thread.start()

    def finish(self) -> list[Trigger]:
        """Where the records lie, once all are sent."""
        self._thread.join()
        return self._triggers


@pytest.mark.kafka
def test_three_kills_under_load_leave_no_trace(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]}, features=few_features())
    deployment.create_topics()
    moments = random.Random(7)
    arrivals = traffic(seed=8, leads=3_000, events=(KILLS + 1) * ROUND, disorder=True)[: (KILLS + 1) * ROUND]
    records = sent(deployment.names.input("web"), arrivals)
    inputs = Input(real_kafka)
    triggers: list[Trigger] = []

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        for kill in range(KILLS):
            load = Load(inputs, records[kill * ROUND : (kill + 1) * ROUND])
            time.sleep(moments.uniform(0.3, 2.5))
            assert worker.metric("leadpulse_records_total") > 0, "killed before it did anything"
            worker.kill()
            if kill == 1:
                worker.lose_disk()
            worker.start_ready()
            triggers += load.finish()
        triggers += inputs.send(records[KILLS * ROUND :], RATE)
        worker.wait_until_scored(inputs.ends)
        worker.stop()

    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
    expected = expect(deployment, log, lambda _: rules)
    emissions = read_emissions(deployment)
    assert_no_id_twice(deployment)
    assert emissions == expected.emissions
    assert len(expected.alerts) >= 50
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
    for story in emissions.values():
        assert [each.sequence for each in story] == list(range(1, len(story) + 1))
