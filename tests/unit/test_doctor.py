"""`leadpulse doctor` on machines that lack something."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadpulse.demo.broker import InProcessKafka
from leadpulse.main import main
from schemas.load import load_settings
from schemas.topics import TopicNames
from stream.models.registry import Registry
from stream.models.rules import rules_model

CLOSED = "127.0.0.1:9"


def examine(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and the findings by subject."""
    code = main(["doctor", "--json", *arguments])
    return code, {each["subject"]: each for each in json.loads(capsys.readouterr().out)}


def settings_file(folder: Path, bootstrap: str) -> Path:
    path = folder / "leadpulse.yaml"
    content = {
        "kafka": {"bootstrap": bootstrap},
        "state": str(folder / "state"),
        "models": str(folder / "models"),
        "topics": {"prefix": "doctored"},
    }
    path.write_text(yaml.safe_dump(content))
    return path


def test_on_a_whole_machine_nothing_needed_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = examine(capsys)
    assert code == 0
    for subject in ("Python", "packages", "ONNX Runtime", "kernels", "in-process broker", "state"):
        assert found[subject]["state"] == "ok", found[subject]
    assert "numba 0." in found["packages"]["found"]
    assert "Kafka" not in found


def test_a_broker_that_does_not_answer_is_missing_and_the_remedy_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = examine(capsys, "--config", str(settings_file(tmp_path, CLOSED)))
    assert code == 1
    assert found["Kafka"]["state"] == "missing"
    assert "kafka.bootstrap" in found["Kafka"]["found"]


def test_topics_and_a_promoted_model_that_fit_are_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with InProcessKafka() as broker:
        path = settings_file(tmp_path, broker.bootstrap)
        settings = load_settings(path, {})
        names = TopicNames.of(settings.topics)
        broker.touch([names.input(each) for each in settings.topics.inputs] + list(names.outputs))
        model = Registry(settings.models)
        model.promote(model.add(rules_model(settings)))
        code, found = examine(capsys, "--config", str(path))
    assert code == 0, found
    assert found["Kafka"]["found"].endswith("every topic, 4 partitions")
    assert "(rules)" in found["model"]["found"]


def test_without_a_promoted_model_the_rules_score_which_is_a_warning_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = examine(capsys, "--config", str(settings_file(tmp_path, CLOSED)))
    assert found["model"]["state"] == "warning"
    assert "leadpulse train" in found["model"]["remedy"]
    assert code == 1  # for the broker


def test_a_model_that_was_changed_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = settings_file(tmp_path, CLOSED)
    settings = load_settings(path, {})
    registry = Registry(settings.models)
    digest = registry.add(rules_model(settings))
    registry.promote(digest)
    score = Path(settings.models) / digest / "score.onnx"
    score.write_bytes(score.read_bytes()[:-1])
    _, found = examine(capsys, "--config", str(path))
    assert found["model"]["state"] == "missing"
    assert "score.onnx" in found["model"]["found"]


def test_a_missing_program_is_a_warning_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    code, found = examine(capsys)
    assert code == 0
    for subject in ("Docker", "Java", "Maven"):
        assert found[subject]["state"] == "warning"
        assert "KAFKA_BOOTSTRAP" in found[subject]["remedy"]


def test_a_state_directory_that_cannot_be_made_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "leadpulse.yaml"
    path.write_text(yaml.safe_dump({"state": "/proc/leadpulse", "kafka": {"bootstrap": CLOSED}}))
    code, found = examine(capsys, "--config", str(path))
    assert code == 1
    assert found["state"]["state"] == "missing"
    assert "`state`" in found["state"]["remedy"]


def test_people_see_each_finding_with_its_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config", str(settings_file(tmp_path, CLOSED))]) == 1
    printed = capsys.readouterr().out
    assert "✘  Kafka" in printed
    assert "✔  Python" in printed
