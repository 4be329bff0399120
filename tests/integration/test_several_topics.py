"""A lead's events on several topics: the order between topics is open, the state they lead to is not."""

import random
from pathlib import Path

import numpy as np
import pytest

from schemas.records import ScoreChange
from schemas.records import Trigger as TriggerRecord
from stream.models.rules import rules_model
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.expectation import (
    Expected,
    assert_latest_is_last,
    assert_no_id_twice,
    assert_state_equals,
    expect,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent, read_all
from tests.integration.traffic import Arrival, traffic, wire
from tests.oracle.decisions import Trigger
from tests.oracle.lead import Lead
from tests.oracle.matching import Event

TOPICS = ("web", "email", "product", "crm")
HOMES = {"profile": "crm", "outcome": "crm", "intent": "crm"}


def by_topic(deployment: Deployment, arrivals: list[Arrival]) -> list[Sent]:
    """Each arrival on the topic of its type."""
    return [
        Sent(
            deployment.names.input(HOMES.get(each.event["type"], each.event["type"])),  # type: ignore[arg-type]
            each.event["lead"].encode(),
            wire(each.event),
            each.timestamp,
        )
        for each in arrivals
    ]


@pytest.fixture
def four_topics(kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Deployment:
    """A deployment that reads web, email, product and CRM events."""
    deployment = deploy(kafka, tmp_path, request.node.name, topics={"inputs": list(TOPICS)})
    deployment.create_topics()
    return deployment


@pytest.fixture
def log(four_topics: Deployment) -> list[tuple[Event, Trigger]]:
    """Interleaved events, all scored by a worker that has stopped since."""
    # Within the horizon of late events: how far one topic is read ahead of another is not determined.
    arrivals = traffic(seed=3, leads=50, events=1000, days=7)
    with WorkerProcess(four_topics) as worker:
        worker.start_ready()
        inputs = Input(four_topics.broker)
        triggers = inputs.send(by_topic(four_topics, arrivals))
        worker.wait_until_scored(inputs.ends)
        worker.stop()
    return [(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)]


def test_state_and_story_hold_together_whatever_the_order_between_topics(
    four_topics: Deployment, log: list[tuple[Event, Trigger]]
) -> None:
    rules = scorer(rules_model(four_topics.settings), four_topics.settings)
    expected: Expected = expect(four_topics, log, lambda _: rules)
    emissions = read_emissions(four_topics)

    assert_final_features(four_topics, expected)
    assert_latest_is_last(four_topics, emissions)
    assert_no_id_twice(four_topics)
    assert emissions.keys() == expected.emissions.keys()
    for story in emissions.values():
        assert [each.sequence for each in story] == list(range(1, len(story) + 1))
        assert [each.previous for each in story] == [None, *(each.score for each in story[:-1])]
        assert all(each.score.tier == rules.tiers[rules.place(each.score.log_odds)] for each in story)
    assert_each_change_can_be_recomputed(four_topics, log)


def assert_final_features(deployment: Deployment, expected: Expected) -> None:
    """A state has no order in it; the last score has one only where the lead's latest event came last."""
    for judged in expected.leads.values():
        if judged.lead.counted:
            judged.log_odds = judged.by.score(judged.lead.vector()) if judged.by else judged.log_odds
    assert_state_equals(deployment, expected.leads)


def assert_each_change_can_be_recomputed(deployment: Deployment, log: list[tuple[Event, Trigger]]) -> None:
    """From the positions in its record and the input topics alone."""
    changes = [
        ScoreChange.model_validate_json(each.value or b"")
        for each in read_all(deployment.broker, deployment.names.changes)
    ]
    for change in random.Random(4).sample(changes, k=100):
        assert isinstance(change.trigger, TriggerRecord)
        partition = change.trigger.partition
        lead = Lead(deployment.content)
        for event, trigger in log:
            seen = trigger.partition == partition and trigger.offset < change.positions.get(trigger.topic, 0)
            if event["lead"] == change.lead and seen:
                lead.arrive(event)
        assert np.array(lead.vector(), np.float32).tolist() == list(change.features)
