"""A log and two registries that several files of tests look at, made once."""

from pathlib import Path

import pytest

from tests.training.command import EVERY_FAMILY, leadpulse_train
from tests.training.logs import World, events, write


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("log") / "log.jsonl.gz", events(World()))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Path:
    """In force: the best of every family."""
    folder = tmp_path_factory.mktemp("trained")
    assert leadpulse_train(folder, log, learning=EVERY_FAMILY) == 0
    return folder


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Path:
    """A quick model of the same log, not in force."""
    folder = tmp_path_factory.mktemp("stored")
    assert leadpulse_train(folder, log, more=("--no-promote",)) == 0
    return folder
