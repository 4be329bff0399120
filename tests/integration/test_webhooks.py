"""Arrays of SendGrid's events: each event counts once and has outputs of its own, through a kill too."""

import json
import random
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from schemas.times import DAY, MINUTE, SECOND
from stream.models.rules import rules_model
from tests.integration.deployment import Broker, Deployment, deploy
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
from tests.integration.topics import Input, Sent, read_all
from tests.integration.traffic import BEGIN
from tests.oracle.decisions import Trigger
from tests.oracle.matching import Event

RECORDS: Final = 400
LEADS: Final = 25
NAMES: Final = {"open": "email_open", "click": "email_click", "unsubscribe": "email_unsubscribe"}
TRACE: Final = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]


class Batch(NamedTuple):
    """What one request brought of one lead. events: as the oracle takes them, without those of machines."""

    lead: str
    timestamp: int
    content: list[dict[str, Any]]
    events: list[Event]


@pytest.fixture
def emails(kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Deployment:
    """A deployment whose only topic holds SendGrid's arrays, and which is quick to tell."""
    topics = {"inputs": ["email"], "formats": {"email": "sendgrid"}}
    deployment = deploy(kafka, tmp_path, request.node.name, topics=topics, decisions={"change_log_odds": 0.05})
    deployment.create_topics()
    return deployment


def batches() -> list[Batch]:
    """Arrays of one to five events; some by machines, some sent before, some too late to count."""
    choose = random.Random(4)
    sent: dict[str, list[dict[str, Any]]] = {}
    found = []
    for number in range(RECORDS):
        lead, now = f"person-{choose.randrange(LEADS)}@example.com", BEGIN + 20 * DAY + number * MINUTE
        content = [_event(choose, f"{number}-{i}", lead, now) for i in range(choose.randrange(1, 6))]
        if choose.random() < 0.2 and lead in sent:
            content.append(choose.choice(sent[lead]))
        sent.setdefault(lead, []).extend(content)
        people = [each for each in content if not each.get("sg_machine_open")]
        found.append(Batch(lead, now, content, [_meant(each) for each in people]))
    return found


def test_each_event_of_an_array_counts_once_and_tells_under_its_own_name(emails: Deployment) -> None:
    arrays = batches()
    topic = emails.names.input("email")
    records = [
        Sent(topic, each.lead.encode(), json.dumps(each.content).encode(), each.timestamp, TRACE) for each in arrays
    ]
    with WorkerProcess(emails) as worker:
        worker.start_ready()
        inputs = Input(emails.broker)
        triggers = inputs.send(records[: RECORDS // 2])
        if emails.broker.real:
            worker.kill()
            worker.start()
        triggers += inputs.send(records[RECORDS // 2 :])
        worker.wait_until_scored(inputs.ends)
        worker.stop()

    log: list[tuple[Event, Trigger]] = []
    for each, trigger in zip(arrays, triggers, strict=True):
        several = len(each.events) > 1
        log += [(event, trigger._replace(part=i if several else 0)) for i, event in enumerate(each.events)]
    rules = scorer(rules_model(emails.settings), emails.settings)
    expected = expect(emails, in_offset_order(log), lambda _: rules)

    emissions = read_emissions(emails)
    assert emissions == expected.emissions
    told = [each.trigger for lead in emissions.values() for each in lead]
    assert sum(isinstance(trigger, Trigger) and trigger.part > 0 for trigger in told) > 20
    assert_latest_is_last(emails, emissions)
    assert_state_equals(emails, expected.leads)
    assert_no_id_twice(emails)
    assert_dead_letters(emails, expected.verdicts)


def assert_dead_letters(deployment: Deployment, verdicts: dict[Trigger, Any]) -> None:
    """One for each record with a late event, however many of its events are late; each output carries its trace."""
    late = {(trigger.partition, trigger.offset) for trigger, verdict in verdicts.items() if verdict == "late"}
    letters = [dict(record.headers) for record in read_all(deployment.broker, deployment.names.dead_letters)]
    assert len(late) > 5
    assert {letter["leadpulse.reason"] for letter in letters} == {b"late"}
    places = [tuple(int(letter[f"__connect.errors.{name}"]) for name in ("partition", "offset")) for letter in letters]
    assert sorted(places) == sorted(late)
    changes = read_all(deployment.broker, deployment.names.changes)
    assert all(record.headers[-1:] == TRACE for record in changes)


def _event(choose: random.Random, name: str, lead: str, now: int) -> dict[str, Any]:
    kind = choose.choices(list(NAMES), [5, 4, 1])[0]
    behind = choose.choice((0, 0, 0, 3 * MINUTE, 12 * DAY if choose.random() < 0.1 else DAY))
    event = {"email": lead, "timestamp": (now - behind) // SECOND, "event": kind, "sg_event_id": name}
    return event | ({"sg_machine_open": choose.random() < 0.3} if kind == "open" else {})


def _meant(sent: dict[str, Any]) -> Event:
    return {
        "id": sent["sg_event_id"], "lead": sent["email"], "time": sent["timestamp"] * SECOND, "type": "email",
        "name": NAMES[sent["event"]], "path": "", "properties": sent,
    }  # fmt: skip
