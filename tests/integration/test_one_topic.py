"""Events on one topic: what leaves is what the rules say, record by record, whatever the disorder they come in."""

from pathlib import Path

import pytest

from stream.models.rules import rules_model
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.expectation import (
    Expected,
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
from tests.integration.traffic import Arrival, sent, traffic


@pytest.fixture
def web_only(kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Deployment:
    """A deployment with the shipped settings and one input topic."""
    deployment = deploy(kafka, tmp_path, request.node.name, topics={"inputs": ["web"]})
    deployment.create_topics()
    return deployment


def score(deployment: Deployment, arrivals: list[Arrival]) -> Expected:
    """Lets a worker score the arrivals to the end; what the oracle expects of that."""
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        inputs = Input(deployment.broker)
        triggers = inputs.send(sent(deployment.names.input("web"), arrivals))
        worker.wait_until_scored(inputs.ends)
        worker.stop()
    log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
    rules = scorer(rules_model(deployment.settings), deployment.settings)
    return expect(deployment, log, lambda _: rules)


def test_changes_alerts_latest_scores_and_state_are_those_of_the_oracle(web_only: Deployment) -> None:
    expected = score(web_only, traffic(seed=1, leads=60, events=1500))

    emissions = read_emissions(web_only)
    assert emissions == expected.emissions
    assert {each.alert.rule for each in expected.alerts if each.alert} == {"rise", "top_tier"}
    assert len(expected.alerts) > 50
    assert_latest_is_last(web_only, emissions)
    assert_state_equals(web_only, expected.leads)
    assert_no_id_twice(web_only)


def test_repeated_and_late_events_change_nothing_but_their_tallies(web_only: Deployment) -> None:
    arrivals = traffic(seed=2, leads=40, events=1200, disorder=True)
    expected = score(web_only, arrivals)

    verdicts = list(expected.verdicts.values())
    assert verdicts.count("duplicate") > 50
    assert verdicts.count("late") > 50
    assert read_emissions(web_only) == expected.emissions
    assert_state_equals(web_only, expected.leads)
