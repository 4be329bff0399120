"""A worker follows `leadpulse models promote` and `rollback` within seconds, from a directory and from a bucket."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from leadpulse.main import main
from schemas.load import default_settings
from schemas.settings import Settings
from stream.models.registry import Registry
from stream.models.rules import rules_model
from tests.brokers.object_store import environment, object_store
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.process import WorkerProcess

SECONDS = 5.0


def deployed(kafka: Broker, directory: Path, test: str) -> Deployment:
    deployment = deploy(kafka, directory, test, topics={"inputs": ["web"]})
    deployment.create_topics()
    return deployment


def stored(place: str) -> tuple[str, str]:
    """Two models that a worker with the shipped settings takes."""
    registry, card = Registry(place), default_settings()["scorecard"]
    first, second = (
        registry.add(
            rules_model(Settings.model_validate(default_settings() | {"scorecard": card | {"double_odds": each}}))
        )
        for each in (11, 12)
    )
    return first, second


def follows(worker: WorkerProcess, digest: str) -> None:
    worker.wait_for(lambda: worker.metric("leadpulse_model_info", digest=digest) == 1, SECONDS, f"scoring by {digest}")


def promote_and_step_back(worker: WorkerProcess, place: str) -> str:
    """The digest that is in force in the end."""
    first, second = stored(place)
    for digest in (first, second):
        assert main(["models", "promote", digest[:12], "--models", place]) == 0
        follows(worker, digest)
    assert main(["models", "rollback", "--models", place]) == 0
    follows(worker, first)
    return first


def test_a_worker_follows_promotions_and_a_step_back(
    mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deployed(mock_kafka, tmp_path, request.node.name)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        promote_and_step_back(worker, str(deployment.models))
        assert worker.metric("leadpulse_model_swaps_total") == 3
        worker.stop()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    clients = fsspec.get_filesystem_class("s3")
    with object_store() as server:
        for name, value in environment(server).items():
            monkeypatch.setenv(name, value)
        clients.clear_instance_cache()
        clients().mkdir("models")
        yield server
    clients.clear_instance_cache()


def test_a_worker_follows_a_bucket_and_scores_on_when_it_goes_away(
    mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, store: ThreadedMotoServer
) -> None:
    place = "s3://models/leadpulse"
    deployment = deployed(mock_kafka, tmp_path, request.node.name)
    with WorkerProcess(deployment) as worker:
        worker.start({"LEADPULSE__MODELS": place})
        worker.wait_ready()
        first = promote_and_step_back(worker, place)
        assert worker.metric("leadpulse_registry_failures_total") == 0
        store.stop()
        worker.wait_for(lambda: worker.metric("leadpulse_registry_failures_total") >= 2, 30, "missing its registry")
        assert worker.metric("leadpulse_model_info", digest=first) == 1
        assert worker.get("/readyz")[0] == 200
        assert f"the model registry cannot be read, {first[:12]} stays in force" in worker.tail()
        worker.stop()
