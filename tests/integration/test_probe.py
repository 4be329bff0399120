"""`leadpulse probe` against a worker that runs, and against none."""

import json
from pathlib import Path
from typing import Any

import pytest

from leadpulse.main import main
from schemas.records import ScoreChange
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.process import WorkerProcess
from tests.integration.topics import read_all

FORMATS: list[dict[str, Any]] = [
    {},
    {"formats": dict.fromkeys(["web", "email", "product", "crm", "intent"], "segment")},
]


def probe(deployment: Deployment, *options: str) -> int:
    return main(["probe", "--config", str(deployment.config("worker-0")), *options])


@pytest.mark.parametrize("topics", FORMATS, ids=["native", "segment"])
def test_the_score_of_its_event_comes_back(
    tmp_path: Path, mock_kafka: Broker, capsys: pytest.CaptureFixture[str], topics: dict[str, Any]
) -> None:
    deployment = deploy(mock_kafka, tmp_path, "probe", topics=topics)
    deployment.create_topics()
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        assert probe(deployment, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    (record,) = read_all(mock_kafka, deployment.names.changes)
    change = ScoreChange.model_validate_json(record.value or b"")
    assert (answer["lead"], answer["id"], answer["model"]) == (change.lead, change.id, change.model)
    assert answer["score"] == change.scores["conversion"].score
    assert answer["lead"].startswith("leadpulse-probe-")
    assert 0 < answer["seconds"] < 60


def test_without_a_worker_it_says_how_far_the_event_came(
    tmp_path: Path, mock_kafka: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deploy(mock_kafka, tmp_path, "probe-alone")
    deployment.create_topics()
    assert probe(deployment, "--timeout", "1s") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "the brokers took the event, and no score came within 1 s" in said.err
    assert len(read_all(mock_kafka, deployment.names.input("web"))) == 1


def test_formats_that_it_cannot_make_are_named(
    tmp_path: Path, mock_kafka: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deploy(
        mock_kafka, tmp_path, "probe-vendor", topics={"inputs": ["email"], "formats": {"email": "sendgrid"}}
    )
    assert probe(deployment, "--timeout", "1s") == 1
    assert "native or segment" in capsys.readouterr().err
