"""A model promoted while the worker runs: it takes over without a restart, and without a word to sales reps."""

import threading
from pathlib import Path
from typing import Any

import pytest

from schemas.load import default_settings
from schemas.records import ScoreChange
from schemas.records import Trigger as TriggerRecord
from schemas.settings import Settings
from stream.core.model import ModelFiles
from stream.models.registry import Registry
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
from tests.integration.topics import Input, partition_rows, read_all
from tests.integration.traffic import sent, traffic
from tests.oracle.decisions import Scorer, Trigger


def without_model(kafka: Broker, directory: Path, test: str) -> Deployment:
    """One input topic, and no model in the registry: the scorecard scores."""
    deployment = deploy(kafka, directory, test, topics={"inputs": ["web"]})
    deployment.create_topics()
    return deployment


def other_model(**changed: Any) -> ModelFiles:
    """The scorecard's model with other parameters, or for other features."""
    return rules_model(Settings.model_validate(default_settings() | changed))


def generous_model() -> ModelFiles:
    """A model by which nearly every lead is hot."""
    card = default_settings()["scorecard"]
    rules = [rule | {"points": rule["points"] / 2} for rule in card["rules"]]
    return other_model(scorecard=card | {"base_probability": 0.4, "tiers": [4, 2], "rules": rules})


def model_at(deployment: Deployment, before: Scorer, after: Scorer) -> dict[int, int]:
    """The first offset of each partition that the second model scored, as the changelog records it."""
    rows = partition_rows(read_all(deployment.broker, deployment.names.changelog))
    assert {row.model for row in rows.values()} == {after.name} != {before.name}
    return {number: row.model_since.get(deployment.names.input("web"), 0) for number, row in rows.items()}


@pytest.mark.kafka
def test_a_swap_under_load_loses_nothing_and_alerts_nobody(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = without_model(real_kafka, tmp_path, request.node.name)
    arrivals = traffic(seed=6, leads=60, events=2400, days=30)
    inputs = Input(deployment.broker)
    registry = Registry(deployment.models)
    digest = registry.add(generous_model())
    triggers: list[Trigger] = []

    def load() -> None:
        triggers.extend(inputs.send(sent(deployment.names.input("web"), arrivals), rate=400))

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        producing = threading.Thread(target=load)
        producing.start()
        worker.wait_for(lambda: worker.metric("leadpulse_events_total") > 700, 60, "under load")
        registry.promote(digest)
        producing.join()
        worker.wait_until_scored(inputs.ends)
        swaps = worker.metric("leadpulse_model_swaps_total")
        worker.stop()

    settings = deployment.settings
    before, after = scorer(rules_model(settings), settings), scorer(generous_model(), settings)
    since = model_at(deployment, before, after)
    log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
    expected = expect(deployment, log, lambda at: after if at.offset >= since[at.partition] else before)
    emissions = read_emissions(deployment)

    assert swaps == 1
    assert emissions == expected.emissions
    assert_state_equals(deployment, expected.leads)
    assert_latest_is_last(deployment, emissions)
    assert_no_id_twice(deployment)
    told_by_model = [each for story in emissions.values() for each in story if each.cause == "model"]
    assert len(told_by_model) > 20
    assert [each for each in told_by_model if each.alert] == []
    assert_models_follow_each_other(deployment, [before.name, after.name])


def assert_models_follow_each_other(deployment: Deployment, models: list[str]) -> None:
    """In every partition the first model scores up to some offset and the second from there on."""
    by_partition: dict[int, list[tuple[int, str]]] = {}
    for record in read_all(deployment.broker, deployment.names.changes):
        change = ScoreChange.model_validate_json(record.value or b"")
        assert isinstance(change.trigger, TriggerRecord)
        by_partition.setdefault(change.trigger.partition, []).append((change.trigger.offset, change.model))
    for scored in by_partition.values():
        in_order = [model for _, model in sorted(scored)]
        assert in_order == sorted(in_order, key=models.index)
        assert set(in_order) == set(models)


def test_a_model_that_must_not_score_is_refused_and_the_one_before_stays(
    mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = without_model(mock_kafka, tmp_path, request.node.name)
    registry = Registry(deployment.models)
    good = registry.add(generous_model())
    broken = registry.add(other_model(scorecard=default_settings()["scorecard"] | {"base_probability": 0.2}))
    (deployment.models / broken / "score.onnx").write_bytes(b"not a model")
    foreign = registry.add(other_model(features=default_settings()["features"][:-1]))
    rules = rules_model(deployment.settings).digest

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        for digest, check in ((broken, "digest"), (foreign, "features")):
            registry.promote(digest)
            worker.wait_for(lambda: refused(worker, check) == 1, 10, "refused")  # noqa: B023
            assert worker.get("/readyz")[0] == 200
            assert worker.metric("leadpulse_model_info", digest=rules) == 1
        (deployment.models / "current").write_text("0" * 64)
        worker.wait_for(lambda: refused(worker, "unreadable") >= 1, 10, "refused")
        assert worker.metric("leadpulse_model_info", digest=rules) == 1

        registry.promote(good)
        worker.wait_for(lambda: worker.metric("leadpulse_model_info", digest=good) == 1, 10, "swapped")
        assert worker.metric("leadpulse_model_info", digest=rules) == 0
        worker.stop()


def refused(worker: WorkerProcess, check: str) -> float:
    return worker.metric("leadpulse_models_refused_total", check=check)
