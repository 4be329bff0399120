"""Training on a Spark: the log, the snapshots and the model are those of one process, to the bit. `make spark`."""

import argparse
import logging
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from leadpulse.commands import train
from schemas.times import DAY
from stream.core.plan import build_plan
from tests.training import logs
from training.log import EventLog, ReadLog, read_log
from training.refusal import TrainingRefused
from training.saying import in_silence
from training.snapshots import Snapshots
from training.spark.java import check_java
from training.taking import LeftOut, take_snapshots

pytestmark = [
    pytest.mark.spark,
    # Said where pandas happens to be there, which nothing here uses.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

SETTINGS: Final = logs.settings()
PLAN: Final = build_plan(SETTINGS)
MASTER: Final = "local[2]"


def missing() -> str:
    """Why Spark cannot run here, or nothing."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed: make spark"
    try:
        check_java()
    except TrainingRefused as error:
        return str(error)
    return ""


@pytest.fixture(scope="module", autouse=True)
def there_is_a_spark() -> None:
    if reason := missing():
        if os.environ.get("LEADPULSE_REQUIRE_SPARK") == "1":
            pytest.fail(f"{reason}; skipped tests would pass for a proof")
        pytest.skip(reason)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four files: events late, repeated within and between files, silent, and lines that are no events."""
    folder, rows = tmp_path_factory.mktemp("log"), logs.events(logs.World(leads=900))
    silent = [row | {"name": "scrolled", "id": f"s{n}"} for n, row in enumerate(rows[::11]) if row["type"] == "web"]
    third = len(rows) // 3
    parts = [rows[:third] + silent, rows[third - 200 : 2 * third], [*rows[2 * third :], *rows[::13]], [{"id": "x"}, {}]]
    return [logs.write(folder / f"{number}.jsonl{'.gz' if number else ''}", part) for number, part in enumerate(parts)]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadLog]:
    """A reader that has a small log in several parts."""
    from training.spark import engine

    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master {MASTER} pyspark-shell")
    monkeypatch.setattr(engine, "PART_BYTES", 30_000)
    with engine.spark() as reader:
        yield reader


def taken(log: EventLog) -> tuple[Snapshots, LeftOut]:
    return take_snapshots(log, PLAN, SETTINGS.target.moments, 10 * DAY)


def test_log_and_snapshots_are_those_of_one_process_to_the_bit(files: list[Path], read: ReadLog) -> None:
    one, other = read_log(files, "native", SETTINGS), read(files, "native", SETTINGS, None, in_silence)
    assert other.parts.count > 4
    for name in ("leads", "begin", "end", "known", "lines", "silent", "unordered", "unreadable", "files"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("first", "active", "outcome", "ended", "events", "value"):
        assert getattr(one.lives, name).tobytes() == getattr(other.lives, name).tobytes(), name
    (here, left), (there, left_there) = taken(one), taken(other)
    assert min(one.unordered, one.silent, sum(one.unreadable.values()), left.repeated) > 0
    assert len(here) > 3_000
    assert left == left_there
    for name in ("lead", "day", "first", "time", "label", "features"):
        assert getattr(here, name).tobytes() == getattr(there, name).tobytes(), name
    for part in other.by_part():
        assert (part.lead[1:] >= part.lead[:-1]).all()
    for ours, theirs in zip(one.columns, other.columns, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_a_file_that_is_missing_is_named_as_on_one_machine(files: list[Path], read: ReadLog, tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"cannot read the event log .*gone.jsonl: No such file"):
        read([*files, tmp_path / "gone.jsonl"], "native", SETTINGS, None, in_silence)


def test_a_failure_of_spark_itself_is_one_line(
    read: ReadLog, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = read(files, "native", SETTINGS, None, in_silence)
    monkeypatch.setattr(log.parts, "_numbers", [None] * log.parts.count)
    with pytest.raises(TrainingRefused, match=r"^Spark could not finish: .*TypeError.*--engine local"):
        list(log.by_part())


def command(folder: Path, files: list[Path], engine: str) -> int:
    """`leadpulse train` with one quick candidate; its registry is `folder/models`."""
    known: dict[str, Any] = SETTINGS.model_dump(mode="json", include={"observed", "features", "scorecard"})
    config = folder / "settings.yaml"
    config.write_text(yaml.safe_dump(known | {"learning": {"candidates": ["logistic"], "budget": 0}}), "utf-8")
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    where = ["--config", str(config), "--out", str(folder / "models"), "--no-promote", "--engine", engine]
    where += ["--min-leads", "100", "--min-conversions", "10"]
    arguments = parser.parse_args(["train", "--events", *map(str, files), *where])
    return int(arguments.run(arguments))


def test_the_model_has_the_same_digest_and_the_log_tells_how_far_spark_is(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master {MASTER} pyspark-shell")
    caplog.set_level(logging.INFO)
    found = []
    for engine in ("local", "spark"):
        folder = tmp_path / engine
        folder.mkdir()
        status = command(folder, files, engine)
        found.append(
            [status, *(path.name for path in (folder / "models").glob("*") if (path / "manifest.json").exists())]
        )
    assert found[0] == found[1]
    assert len(found[0]) == 2
    assert any(line.startswith("reading the event log on Spark") for line in caplog.messages)
    assert any(line.startswith("taking snapshots on Spark") for line in caplog.messages)
