"""A worker killed in the middle of a sweep: the next goes on behind the last committed lead; nothing comes twice."""

from itertools import count, islice
from pathlib import Path

import pytest

from schemas.times import DAY, HOUR
from stream.core.partitioner import partition_of
from stream.models.rules import rules_model
from tests.integration.deployment import PARTITIONS, Broker, deploy, few_features
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
from tests.integration.sweeping import START, marks, sweep, swept_to, under_way, view
from tests.integration.topics import Input
from tests.integration.traffic import Arrival, sent

TICK = START + 10 * DAY
PARTITION = 2
LEADS = 9_000


def interest() -> list[Arrival]:
    """Leads of one partition: each looks at prices, every third asks for a demonstration."""
    names = (name for name in map("lead-{}".format, count()) if partition_of(name.encode(), PARTITIONS) == PARTITION)
    found = []
    for number, lead in enumerate(islice(names, LEADS)):
        time = START + number * 1_000
        event = view(lead, lead, time) | ({"name": "demo_request", "path": ""} if number % 3 == 0 else {})
        found.append(Arrival(event, time))
    return found


@pytest.mark.kafka
def test_a_sweep_that_is_killed_twice_scores_each_lead_once(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # An idle worker waits for the epoch's length before the next chunk: so a kill meets a sweep of nine half done.
    sections = {"topics": {"inputs": ["web"]}, "decay": {"every": "6h"}, "limits": {"epoch": "500ms"}}
    deployment = deploy(real_kafka, tmp_path, request.node.name, features=few_features(), **sections)
    deployment.create_topics()
    inputs = Input(real_kafka)
    arrivals = [*interest(), *marks(TICK, [PARTITION])]

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        triggers = inputs.send(sent(deployment.names.input("web"), arrivals[:-1]))
        worker.wait_until_scored(inputs.ends)
        triggers += inputs.send(sent(deployment.names.input("web"), arrivals[-1:]))
        for lose_disk in (False, True):
            worker.wait_for(lambda: worker.metric("leadpulse_swept_leads_total") > 0, 30, "sweeping")
            worker.kill()
            assert under_way(deployment) == [PARTITION], "killed when the sweep was over"
            if lose_disk:
                worker.lose_disk()
            worker.start_ready()
            before = worker.metric("leadpulse_sweep_instant_seconds", partition=str(PARTITION)) * 1000
            assert before >= TICK - HOUR * 6, "nothing is told of the sweep before while one is under way"
        worker.wait_for(lambda: swept_to(deployment).get(PARTITION) == TICK, 30, "swept")
        last = worker.metric("leadpulse_swept_leads_total")
        worker.stop()

    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
    expected = expect(deployment, log, lambda _: rules)
    assert sweep(expected, TICK, rules) == set()
    emissions = read_emissions(deployment)
    assert_no_id_twice(deployment)
    assert emissions == expected.emissions
    told = [each for story in emissions.values() for each in story if each.cause == "clock"]
    assert len(told) == LEADS * 2 // 3, "a look at prices counts for 48 hours, a demonstration for 30 days"
    assert 0 < last <= LEADS - 2_000, "the last worker did all of it again"
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
