"""Dead letters are listed, shown, and sent again once, whatever is asked; too many of them stop a new worker."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from leadpulse.main import main
from schemas.times import DAY, MINUTE
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent, read_all
from tests.integration.traffic import BEGIN, wire

NOW = BEGIN + 20 * DAY
HEADERS = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("odd", b"\xff\x00")]


def view(identifier: str, lead: str, time: int = NOW) -> bytes:
    return wire({
        "id": identifier, "lead": lead, "time": time, "type": "web", "name": "page_view", "path": "/pricing",
        "properties": {},
    })  # fmt: skip


def dlq(deployment: Deployment, capsys: pytest.CaptureFixture[str], action: str, *options: str) -> str:
    assert main(["dlq", action, "--config", str(deployment.config("worker-0")), *options]) == 0
    return capsys.readouterr().out


@pytest.mark.kafka
def test_what_was_refused_is_sent_again_and_counts_once(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]})
    deployment.create_topics()
    web = deployment.names.input("web")
    # Stamped by a clock that was wrong when they came; sent again now, they are no longer ahead.
    early = [Sent(web, b"lead-%d" % i, view(f"e{i}", f"lead-{i}", NOW + 11 * MINUTE), NOW, HEADERS) for i in range(5)]
    unkeyed, broken = Sent(web, None, view("u", "lead-9"), NOW), Sent(web, b"lead-8", b"{", NOW)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        inputs = Input(real_kafka)
        inputs.send([*early, unkeyed, broken])
        worker.wait_until_scored(inputs.ends)

        listed = [json.loads(line) for line in dlq(deployment, capsys, "list", "--json").splitlines()]
        assert sorted(each["reason"] for each in listed) == ["future"] * 5 + ["malformed", "unkeyed"]
        assert dlq(deployment, capsys, "list", "--reason", "future", "--until", "2026-03-01T00:00:00Z").startswith(
            "no "
        )
        chosen = next(each for each in listed if each["key"] == "lead-3")
        shown = json.loads(dlq(deployment, capsys, "show", chosen["id"][:10], "--json"))
        assert (shown["value"].encode(), shown["message"]) == (early[3].value, chosen["message"])

        options = ("--reason", "future", "--reason", "unkeyed", "--rate", "1000", "--json")
        meant = json.loads(dlq(deployment, capsys, "replay", "--dry-run", *options))
        assert meant == {"sent": {"future": 5}, "before": {}, "cut": {}, "unkeyed": {"unkeyed": 1}, "dry_run": True}
        assert json.loads(dlq(deployment, capsys, "replay", *options))["sent"] == {"future": 5}
        again = json.loads(dlq(deployment, capsys, "replay", *options))
        assert (again["sent"], again["before"]) == ({}, {"future": 5})
        assert "sent before, left alone: 5 (future 5)" in dlq(deployment, capsys, "replay", "--reason", "future")
        worker.wait_for(lambda: worker.metric("leadpulse_events_total", verdict="counted") == 5, 30, "scored")

        # Sent once more by hand: the lead's state knows the event's id.
        replayed = [record for record in read_all(real_kafka, web) if dict(record.headers).get("leadpulse.replay")]
        inputs.send([Sent(web, replayed[0].key, replayed[0].value, NOW + 12 * MINUTE)])
        worker.wait_for(lambda: worker.metric("leadpulse_events_total", verdict="duplicate") == 1, 30, "known")
        worker.stop()
    assert sorted((record.key, record.value) for record in replayed) == sorted((each.key, each.value) for each in early)
    ids = {each["key"]: each["id"] for each in listed}
    for record in replayed:
        key = (record.key or b"").decode()
        assert record.headers == [*HEADERS, ("leadpulse.replay", ids[key].encode())]
    assert len(read_all(real_kafka, deployment.names.changes)) == 5


def test_a_worker_stops_before_it_passes_a_flood_of_dead_letters(
    mock_kafka: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A format that a deployment got wrong makes all of it dead letters. Mended, with the few that passed sent again,
    every event is scored.
    """

    def set_up(name: str, **topics: Any) -> Deployment:
        topics |= {"inputs": ["web"], "prefix": prefix}
        return deploy(mock_kafka, tmp_path / name, "flood", application=prefix, topics=topics)

    prefix = f"flood-{uuid.uuid4().hex[:6]}"
    (tmp_path / "wrong").mkdir()
    (tmp_path / "right").mkdir()
    wrong = set_up("wrong", formats={"web": "segment"})
    wrong.create_topics()
    web = wrong.names.input("web")
    inputs = Input(mock_kafka)
    inputs.send([Sent(web, b"lead-%d" % i, view(f"e{i}", f"lead-{i}"), NOW) for i in range(300)])
    with WorkerProcess(wrong) as worker:
        worker.start()
        assert worker.wait_ended(240) == 1
        said = worker.tail()
    assert "of the first" in said and "records cannot be used" in said and "topics.formats" in said
    dead = len(read_all(mock_kafka, wrong.names.dead_letters))
    assert dead < 100, "what was committed before there were enough records to judge by, and no more"
    right = set_up("right")
    with WorkerProcess(right) as worker:
        worker.start_ready()
        if dead:
            dlq(right, capsys, "replay")
        worker.wait_for(lambda: worker.metric("leadpulse_events_total", verdict="counted") == 300, 60, "done with all")
        worker.stop()
    assert len(read_all(mock_kafka, right.names.changes)) == 300
