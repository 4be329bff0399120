"""Alerts, runbooks and tests fit each other; the metrics' page is fresh; the way to more partitions works."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from leadpulse.main import build_parser, main
from leadpulse.metrics_page import page
from stream.runtime.metrics import Metrics
from tests.docs.blocks import ROOT, blocks, commands
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent, read_all
from tests.integration.traffic import sent, traffic

RUNBOOKS: Final = ROOT / "docs" / "runbooks"
GROUPS: Final = yaml.safe_load((ROOT / "helm/leadpulse/files/rules.yaml").read_text(encoding="utf-8"))["groups"]
ALERTS: Final[dict[str, Any]] = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}
TESTS: Final = [
    test
    for path in (ROOT / "tests/rules").glob("*.yaml")
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    for test in group.get("alert_rule_test", [])
]
PLANNED: Final = {"README.md", "replay.md", "rollback.md", "topics.md", "partition-growth.md"}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_page_that_says_what_to_do(name: str) -> None:
    runbook = ALERTS[name]["annotations"]["runbook"]
    text = (ROOT / runbook).read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.M) == ["Look", "Do"]
    assert f"[{name}]({Path(runbook).name}) | {ALERTS[name]['labels']['severity']} |" in (
        RUNBOOKS / "README.md"
    ).read_text(encoding="utf-8")


def test_there_is_no_page_without_an_alert() -> None:
    pages = {Path(rule["annotations"]["runbook"]).name for rule in ALERTS.values()}
    assert {path.name for path in RUNBOOKS.iterdir()} == pages | PLANNED


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_to_fire_and_to_be_silent(name: str) -> None:
    expected = [bool(test["exp_alerts"]) for test in TESTS if test["alertname"] == name]
    assert True in expected
    assert False in expected


@pytest.mark.parametrize("path", sorted(RUNBOOKS.iterdir()), ids=lambda path: path.name)
def test_what_a_page_names_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {each.name for each in Metrics().described}
    assert set(re.findall(r"\bleadpulse_[a-z_]+\b", text)) <= known
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).is_file(), link


def test_the_pod_that_rolls_a_model_back_says_what_the_command_knows() -> None:
    (text,) = [block.text for block in blocks("docs/runbooks/rollback.md") if block.language == "yaml"]
    (container,) = yaml.safe_load(text)["spec"]["containers"]
    arguments = build_parser().parse_args(container["args"])
    assert arguments.models in {each["mountPath"] for each in container["volumeMounts"]}


@pytest.mark.parametrize("name", ["replay", "topics", "partition-growth"])
def test_a_planned_work_is_done_by_commands_that_are_there(name: str) -> None:
    typed = commands(f"docs/runbooks/{name}.md")
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    typed += [line.strip().removeprefix("$ ") for line in text.splitlines() if line.startswith("   $ ")]
    assert typed
    for command in typed:
        program, *arguments = command.split()
        assert program == "leadpulse"
        build_parser().parse_args(arguments)


def test_the_page_of_metrics_is_fresh() -> None:
    assert (ROOT / "docs/metrics.md").read_text(encoding="utf-8") == page(), (
        "make it anew: python -m leadpulse.metrics_page > docs/metrics.md"
    )


def latest(deployment: Deployment) -> dict[bytes, Any]:
    """The newest score of each lead."""
    records = read_all(deployment.broker, deployment.names.latest)
    return {record.key or b"": json.loads(record.value or b"null")["scores"] for record in records}


def scored(deployment: Deployment, records: list[Sent]) -> dict[bytes, Any]:
    """The newest scores after a worker has scored what is there, and these records."""
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        inputs = Input(deployment.broker)
        inputs.send(records)
        worker.wait_for(lambda: worker.metric("leadpulse_records_total") == 400, 60, "done with its input")
        worker.stop()
    return latest(deployment)


@pytest.mark.kafka
def test_the_way_to_more_partitions_leads_to_the_same_scores(real_kafka: Broker, tmp_path: Path) -> None:
    old, new = (deploy(real_kafka, tmp_path / name, name, topics={"inputs": ["web"]}) for name in ("old", "new"))
    for deployment, partitions in ((old, "2"), (new, "5")):
        deployment.directory.mkdir()
        options = ["--partitions", partitions, "--replicas", "1", "--retention", "3650d"]
        assert main(["topics", "apply", "--config", str(deployment.config("worker-0")), *options]) == 0
    records = sent(old.names.input("web"), traffic(seed=3, leads=25, events=400))
    before = scored(old, records)

    document = (RUNBOOKS / "partition-growth.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^   ```python\n(.*?)^   ```$", document, re.M | re.S)
    (tmp_path / "copy_topic.py").write_text(textwrap.dedent(script), encoding="utf-8")
    names = [deployment.names.input("web") for deployment in (old, new)]
    subprocess.run([sys.executable, tmp_path / "copy_topic.py", real_kafka.bootstrap, *names], check=True, timeout=60)

    after = scored(new, [])
    assert len(before) > 10
    assert after == before
    assert len({record.partition for record in read_all(real_kafka, new.names.changelog)}) == 5
