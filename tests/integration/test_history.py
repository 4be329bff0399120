"""`leadpulse history`: what topics hold, up to where they end, as a log to train on."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import Producer

from leadpulse.history import HistoryError, write_history
from leadpulse.main import main
from schemas.positions import Positions
from stream.sources import native
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.topics import Input, Sent
from tests.integration.traffic import sent, traffic
from training.saying import in_silence


def deployed(kafka: Broker, directory: Path, test: str, **topics: Any) -> Deployment:
    deployment = deploy(kafka, directory, test, topics={"inputs": ["web", "crm"], **topics})
    deployment.create_topics()
    return deployment


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_every_record_up_to_the_end_is_an_event_of_the_log(
    kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deployed(kafka, tmp_path, request.node.name)
    web, crm = deployment.names.input("web"), deployment.names.input("crm")
    arrivals = traffic(seed=3, leads=40, events=600)
    inputs = Input(kafka)
    inputs.send(sent(web, arrivals[:400]) + sent(crm, arrivals[400:]) + [Sent(web, b"x", b"{", arrivals[0].timestamp)])
    out = tmp_path / "history.jsonl"

    positions = write_history(deployment.settings, out, in_silence)

    wanted = {each.event["id"]: each.event for each in arrivals}
    found = {event.id: event for event in map(native.decode, out.read_bytes().splitlines())}
    assert found.keys() == wanted.keys()
    for name, event in found.items():
        one = wanted[name]
        assert (event.lead, event.time, event.type) == (one["lead"], one["time"], one["type"])
        assert event.properties == one["properties"]
        if one["type"] != "profile":
            assert (event.name, event.path) == (one["name"], one["path"] if one["type"] == "web" else "")
    assert (positions.records, positions.events, positions.refused) == (601, 600, {"malformed": 1})
    ends = {(topic, part): span.end for topic, spans in positions.topics.items() for part, span in spans.items()}
    assert {place: end for place, end in ends.items() if end} == inputs.ends


@pytest.mark.kafka
def test_records_that_come_later_or_were_never_committed_are_not_in_it(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deployed(real_kafka, tmp_path, request.node.name)
    web = deployment.names.input("web")
    arrivals = traffic(seed=4, leads=10, events=60)
    records = sent(web, arrivals)
    Input(real_kafka).send(records[:20])
    producer = Producer({"bootstrap.servers": real_kafka.bootstrap, "transactional.id": request.node.name})
    producer.init_transactions()
    producer.begin_transaction()
    for record in records[20:40]:
        producer.produce(record.topic, record.value, record.key, partition=0, timestamp=record.timestamp)
    producer.flush()
    producer.abort_transaction()
    out = tmp_path / "history.jsonl"
    first = write_history(deployment.settings, out, in_silence)
    assert {line["id"] for line in lines(out)} == {each.event["id"] for each in arrivals[:20]}

    Input(real_kafka).send(records[40:])
    again = write_history(deployment.settings, out, in_silence)
    assert (first.events, again.events) == (20, 40)


def test_the_command_writes_log_and_positions(
    mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deployed(mock_kafka, tmp_path, request.node.name)
    arrivals = traffic(seed=5, leads=10, events=50)
    Input(mock_kafka).send(sent(deployment.names.input("web"), arrivals))
    config = tmp_path / "settings.yaml"
    sections = deployment.settings.model_dump(mode="json", include={"kafka", "topics"})
    config.write_text(yaml.safe_dump(sections), encoding="utf-8")
    out = tmp_path / "history.jsonl.gz"
    assert main(["history", "--config", str(config), "--out", str(out), "--json"]) == 0
    shown = capsys.readouterr()
    written = Positions.model_validate_json((tmp_path / "history.jsonl.gz.positions.json").read_bytes())
    assert Positions.model_validate_json(shown.out) == written
    assert "50 events from 50 records" in shown.err
    assert sorted(each.name for each in tmp_path.glob("*history*")) == [out.name, f"{out.name}.positions.json"]


@pytest.mark.kafka
def test_a_topic_that_is_not_there_is_named(real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]})
    with pytest.raises(HistoryError, match=r"topic .*\.web does not exist, or the user may not see it"):
        write_history(deployment.settings, tmp_path / "history.jsonl", in_silence)
    assert not list(tmp_path.glob("*.jsonl*"))


def test_brokers_that_do_not_answer_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "settings.yaml"
    config.write_text("kafka: {bootstrap: 127.0.0.1:1}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leadpulse.history.TIMEOUT_SECONDS", 1.0)
        assert main(["history", "--config", str(config), "--out", str(tmp_path / "x.jsonl")]) == 1
    error = capsys.readouterr().err
    assert "leadpulse history: 127.0.0.1:1: " in error
    assert "check kafka.bootstrap" in error
