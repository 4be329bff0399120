"""Leads that nothing is heard of: they fall by the clock, are forgotten after long, and begin anew when they return."""

import time
from pathlib import Path

import pytest

from schemas.times import DAY, HOUR
from stream.models.rules import rules_model
from tests.integration.deployment import PARTITIONS, Broker, Deployment, deploy
from tests.integration.expectation import (
    Expected,
    assert_latest_is_last,
    assert_no_id_twice,
    assert_state_equals,
    expect,
    in_offset_order,
    newest_rows,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.sweeping import START, mark_of, marks, sweep, swept_to, view, within_a_tick
from tests.integration.topics import Input, read_all
from tests.integration.traffic import Arrival, sent, traffic

WEEK = 7 * DAY


class Telling:
    """Traffic to a running worker, judged as it goes."""

    def __init__(self, deployment: Deployment, worker: WorkerProcess) -> None:
        self._deployment = deployment
        self._worker = worker
        self._inputs = Input(deployment.broker)
        self.rules = scorer(rules_model(deployment.settings), deployment.settings)
        self.expected = Expected({}, {}, {})

    def send(self, arrivals: list[Arrival]) -> None:
        """Waits until all are scored."""
        triggers = self._inputs.send(sent(self._deployment.names.input("web"), arrivals))
        log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
        expect(self._deployment, log, lambda _: self.rules, self.expected)
        self._worker.wait_until_scored(self._inputs.ends)

    def swept(self, tick: int) -> set[str]:
        """Waits until every partition is swept as of this instant; who is forgotten by it."""
        done = dict.fromkeys(range(PARTITIONS), tick)
        self._worker.wait_for(lambda: swept_to(self._deployment) == done, 30, "swept")
        return sweep(self.expected, tick, self.rules)


def test_leads_fall_expire_and_return_as_the_oracle_says(
    kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(kafka, tmp_path, request.node.name, topics={"inputs": ["web"]}, decay={"every": "6h"})
    deployment.create_topics()
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        telling = Telling(deployment, worker)
        telling.send(within_a_tick(traffic(seed=11, leads=60, events=600), START))
        known = set(telling.expected.leads)
        telling.send(marks(START + 10 * DAY))
        assert telling.swept(START + 10 * DAY) == set()
        fallen = [each for story in telling.expected.emissions.values() for each in story if each.cause == "clock"]
        assert len(fallen) > 30
        telling.send(marks(START + 130 * DAY + HOUR))
        gone = telling.swept(START + 130 * DAY)
        assert gone == {lead for lead in known if lead not in telling.expected.leads}
        assert len(gone) > 50
        back = sorted(gone)[::4]
        returned = START + 130 * DAY + 2 * HOUR
        telling.send([Arrival(view(lead, f"back {lead}", returned), returned) for lead in back])
        scored, expired = (worker.metric("leadpulse_swept_leads_total", result=each) for each in ("scored", "expired"))
        worker.stop()

    emissions = read_emissions(deployment)
    assert emissions == telling.expected.emissions
    assert {emissions[lead][-1].sequence for lead in back} == {1}
    assert_state_equals(deployment, telling.expected.leads)
    assert_latest_is_last(deployment, {lead: emissions[lead] for lead in telling.expected.leads})
    assert_no_id_twice(deployment)
    assert (scored, expired) == (len(known), len(gone))
    assert "idle leads scored" in worker.log_file.read_text()
    changelog = read_all(deployment.broker, deployment.names.changelog)
    assert {(each.key or b"").decode() for each in changelog if each.value is None} == gone


@pytest.mark.kafka
def test_an_idle_partition_follows_the_clock_and_one_that_catches_up_does_not(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    decay = {"every": "7d", "quiet": "2s"}
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]}, decay=decay)
    deployment.create_topics()
    tick = time.time_ns() // 1_000_000 // WEEK * WEEK
    lead = mark_of(2)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        telling = Telling(deployment, worker)
        for number in range(12):
            telling.send([Arrival(view(lead, f"view {number}", tick - 3 * DAY + number), tick - 3 * DAY)])
            time.sleep(0.4)
        assert worker.metric("leadpulse_swept_leads_total") == 0
        worker.wait_for(lambda: swept_to(deployment)[2] == tick, 20, "swept by the clock")
        worker.stop()

    sweep(telling.expected, tick, telling.rules)
    assert [each.cause for each in telling.expected.emissions[lead]][-1] == "clock"
    assert read_emissions(deployment) == telling.expected.emissions
    assert newest_rows(deployment).keys() == {lead}
