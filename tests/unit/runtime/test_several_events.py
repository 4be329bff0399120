"""Records that bring several events: each counts, in order, under a name of its own; or none does."""

import json
from typing import Any, Final

import numpy as np
import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message

from schemas.digest import features_digest
from schemas.times import SECOND, parse_time
from stream.core.events import Event
from stream.core.ids import Origin
from stream.core.kinds import KINDS
from stream.core.model import Model
from stream.core.partitioner import partition_of
from stream.core.signals import event_hash
from stream.models.rules import rules_model
from stream.runtime.intake import Intake, Taken
from tests.scoring import Arrival, Scoring
from tests.unit.schemas.files import shipped

NOW: Final = parse_time("2026-03-01T09:30:00Z")
PARTITIONS: Final = 4
HOME: Final = partition_of(b"ann", PARTITIONS)
SETTINGS: Final = shipped(lambda content: content.update(topics={"formats": {"email": "sendgrid", "crm": "hubspot"}}))


def sent(name: str, kind: str = "click", **changed: Any) -> dict[str, Any]:
    return {"sg_event_id": name, "event": kind, "timestamp": NOW // SECOND, "lead": "ann"} | changed


def record(content: Any, channel: str = "email", offset: int = 7, **changed: Any) -> Message:
    usual: dict[str, Any] = {
        "topic": f"leadpulse.{channel}",
        "partition": HOME,
        "offset": offset,
        "key": b"ann",
        "timestamp": (TIMESTAMP_CREATE_TIME, NOW),
    }
    return Message(value=json.dumps(content).encode(), **(usual | changed))


def view(name: str, path: str = "/pricing") -> dict[str, Any]:
    return {"id": name, "lead": "ann", "time": "2026-03-01T09:30:00Z", "type": "web", "name": "page_view", "path": path}


def take(*messages: Message, intake: Intake | None = None) -> Taken:
    reader = intake or Intake(SETTINGS)
    return reader.take(reader.batch(messages), PARTITIONS)


def test_every_event_of_a_record_arrives_in_order_between_those_of_its_neighbours() -> None:
    intake = Intake(SETTINGS)
    take(record(view("w0"), "web", 4), intake=intake)
    taken = take(
        record(view("w1"), "web", 5),
        record([sent("s1"), sent("s2", "open"), sent("s3")]),
        record(view("w2"), "web", 6),
        intake=intake,
    )
    arrivals = taken.arrivals
    assert [int(each) for each in arrivals.event] == [event_hash(name) for name in ("w1", "s1", "s2", "s3", "w2")]
    assert arrivals.place.tolist() == [0, 1, 1, 1, 2]
    assert arrivals.part.tolist() == [0, 0, 1, 2, 0]
    assert arrivals.key == [b"ann"] * 5
    assert (arrivals.kind >= 0).tolist() == [True, False, False, False, True]
    assert arrivals.origins(np.arange(5))[3] == Origin("leadpulse.email", HOME, 7, 2)
    assert taken.refused == []


def test_a_change_of_a_contact_is_a_fact_and_an_event() -> None:
    change = {
        "objectId": 1, "propertyName": "employees", "propertyValue": "250", "occurredAt": NOW, "lead": "ann",
        "subscriptionType": "contact.propertyChange",
    }  # fmt: skip
    taken = take(record([change], "crm"))
    (reading,) = taken.arrivals.readings
    assert reading.tells == [(0, 250_000)]
    assert taken.empty == 1  # no shipped signal is a HubSpot change


def test_what_machines_did_is_no_arrival_and_no_dead_letter() -> None:
    taken = take(record([sent("s1", "open", sg_machine_open=True)]), record([], offset=8))
    assert (len(taken.arrivals.time), taken.refused, taken.empty) == (0, [], 2)


@pytest.mark.parametrize(
    ("second", "reason", "told"),
    [
        (sent("s2", lead="bob"), "key_mismatch", "have the gateway split an array by lead"),
        (sent("s2", "telepathy"), "unsupported", "event 2 of 2"),
        (sent("s2", timestamp=NOW // SECOND + 3600), "future", "limits.ahead"),
    ],
)
def test_of_a_record_with_one_bad_event_nothing_counts(second: dict[str, Any], reason: str, told: str) -> None:
    taken = take(record([sent("s1"), second]))
    assert len(taken.arrivals.time) == 0
    ((found, letter),) = taken.refused
    assert found == reason
    assert told in dict(letter.headers)["__connect.errors.exception.message"].decode()
    assert json.loads(letter.value or b"") == [sent("s1"), second]


def test_the_outputs_of_one_record_have_names_of_their_own() -> None:
    model = Model(rules_model(SETTINGS), features_digest(SETTINGS), SETTINGS.tiers)
    arrivals = [
        Arrival(Event(f"d{part}", "ann", NOW + part, "web", name), Origin("leadpulse.web", 3, 42, part), NOW)
        for part, name in enumerate(("demo_request", "page_view", "invite_sent"))
    ]
    done = Scoring(SETTINGS).process(arrivals, {}, model, {3: {}})
    told = [json.loads(output.value or b"") for output in done.outputs if output.kind == "change"]
    assert told[0]["trigger"] == {"topic": "leadpulse.web", "partition": 3, "offset": 42}
    assert all(each["trigger"]["part"] > 0 for each in told[1:])
    names = [dict(output.headers)["ce_id"] for output in done.outputs]
    assert len(set(names)) == len(names)


def test_outputs_carry_the_trace_of_their_record_on() -> None:
    trace = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("tracestate", b"a=1")]
    taken = take(record([sent("s1")], headers=[("other", b"x"), *trace]), record([sent("s2")], offset=8))
    assert taken.arrivals.carried(0) == trace
    assert taken.arrivals.carried(1) == []


def test_a_full_table_of_kinds_does_not_change_what_the_poll_in_hand_means() -> None:
    intake = Intake(SETTINGS)
    take(record(view("w0"), "web", 0), intake=intake)
    take(record(view("w1"), "web", 1), intake=intake)
    for number in range(KINDS):
        intake.kinds.learn(Event("e", "ann", NOW, "web", "page_view", f"/p/{number}"))
        if intake.kinds.table.sizes[0] == KINDS:
            break
    known, new = record(view("w2"), "web", 2), record(view("w3", "/docs/new"), "web", 3)
    arrivals = take(known, new, intake=intake).arrivals
    table, kind = arrivals.kinds, int(arrivals.kind[0])
    assert kind >= 0
    assert table.hit_signal[table.hit_at[kind] : table.hit_at[kind + 1]].tolist() == [0, 1]
