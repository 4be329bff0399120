"""Half a year of a real learning platform through a real Kafka: what the worker knows is what training knew."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import yaml

from schemas.digest import features_digest
from schemas.settings import Settings
from stream.core.fold import Folder, Matrix
from stream.core.model import Model
from stream.core.plan import build_plan
from stream.core.replay import replay
from stream.models.registry import Registry
from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.expectation import last_scored, newest_rows
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent
from tests.oracle.lead import Lead
from tests.oracle.segment import normalise
from tests.scoring import sections
from training.log import read_log

ROOT: Final = Path(__file__).parents[2]
LOG: Final = ROOT.parent / "shared" / "data" / "freemium.jsonl.gz"
CONFIG: Final = ROOT / "examples" / "learning-platform.yaml"

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.skipif(not LOG.exists(), reason=f"no log at {LOG}: its licence keeps it out of the repository"),
]


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    with gzip.open(LOG) as file:
        return file.read().splitlines()


@pytest.fixture(scope="module")
def platform(real_kafka: Broker, tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> Deployment:
    """The deployment after a worker has scored the whole log with a model trained on it."""
    example = yaml.safe_load(CONFIG.read_text())
    topics = example.pop("topics") | {"inputs": ["product"]}
    deployment = deploy(real_kafka, tmp_path_factory.mktemp("platform"), "platform", topics=topics, **example)
    deployment.create_topics()
    train(deployment)
    inputs = Input(real_kafka)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        inputs.send([record(deployment, line) for line in lines])
        worker.wait_until_scored(inputs.ends, 120)
        assert worker.metric("leadpulse_dead_letters_total") == 0
        assert worker.metric("leadpulse_events_total", verdict="counted") == len(lines)
        worker.stop()
    return deployment


def train(deployment: Deployment) -> None:
    """As a user does: the promoted model is in the deployment's registry afterwards."""
    command = [sys.executable, "-m", "leadpulse.main", "train", "--config", str(CONFIG), "--events", str(LOG)]
    command += ["--format", "segment", "--snapshots", "3,7", "--out", str(deployment.models)]
    # One family and no tuning: what is proved here is that any model scores alike in both places.
    quick = {"LEADPULSE__LEARNING__CANDIDATES": '["gradient_boosting"]', "LEADPULSE__LEARNING__BUDGET": "0"}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | quick, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def record(deployment: Deployment, line: bytes) -> Sent:
    event = normalise(line)
    return Sent(deployment.names.input("product"), event["lead"].encode(), line, event["time"])


def test_final_features_are_those_of_the_definition(platform: Deployment, lines: list[bytes]) -> None:
    leads: dict[str, Lead] = {}
    for line in lines:
        event = normalise(line)
        leads.setdefault(event["lead"], Lead(platform.content)).arrive(event)
    rows = newest_rows(platform)

    assert rows.keys() == leads.keys()
    folder = folder_of(platform.settings)
    wrong = [
        name
        for name, lead in leads.items()
        if folder.vector(sections(rows[name]).state).tobytes() != np.array(lead.vector(), np.float32).tobytes()
    ]
    assert wrong == []


def test_final_probabilities_are_those_of_the_offline_replay(platform: Deployment) -> None:
    registry = Registry(platform.models)
    current = registry.current()
    assert current is not None
    model = Model(registry.load(current), features_digest(platform.settings), platform.settings.tiers)
    assert model.manifest.kind != "rules"
    names, features = offline(platform.settings)
    offline_probability = dict(zip(names, model.score(features)[1].tolist(), strict=True))
    rows = newest_rows(platform)

    assert rows.keys() == offline_probability.keys()
    worst = max(
        abs(1 / (1 + np.exp(-np.float64(last_scored(row)))) - offline_probability[name]) for name, row in rows.items()
    )
    assert worst < 1e-5
    assert max(offline_probability.values()) > 2 * min(offline_probability.values()), "the model tells leads apart"


def offline(settings: Settings) -> tuple[list[str], Matrix]:
    """Each lead's features by the training job's own way, right after its last event.

    A snapshot holds what came before its instant, so the instant is the next millisecond; no tile ends in between,
    since the platform's times are whole seconds.
    """
    log = read_log([LOG], "segment", settings)
    last = np.zeros(len(log.leads), np.int64)
    np.maximum.at(last, log.columns.lead, log.columns.time)
    everyone = np.arange(len(log.leads), dtype=np.int64)
    return list(log.leads), replay(log.columns, everyone, last + 1, build_plan(settings))


def folder_of(settings: Settings) -> Folder:
    return Folder(build_plan(settings), notable=0)


def test_the_log_is_what_the_normaliser_was_written_for(lines: list[bytes]) -> None:
    kinds = {json.loads(line)["type"] for line in lines}
    assert kinds == {"identify", "track"}
    assert len(lines) == 107_122
