"""The training job under measurement: a whole small run, and time that belongs to one stage at a time."""

from pathlib import Path

import pytest

from bench.generator import Traffic
from bench.progress import Progress
from bench.training import measure_training
from bench.training_run import STAGES, Stages


def test_each_second_belongs_to_the_stage_that_began_last(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0, 5.0, 6.0])
    monkeypatch.setattr("bench.training_run.time.perf_counter", lambda: next(clock))
    stages = Stages()
    stages("reading the event log")
    stages("reading the event log: 5 lines, 2 leads", 0.5)
    stages("tuning on 9 snapshots of 3 leads")
    stages("tuning: logistic, C 0.1")
    stages.end()
    assert stages.seconds == {"read": 2.0, "tune": 4.0}


@pytest.mark.nightly
def test_a_small_run_has_every_figure(tmp_path: Path) -> None:
    traffic = Traffic(leads=4_000, events=60_000, active=300, days=30)
    found = measure_training(tmp_path, tmp_path / "models", 40, traffic, Progress())
    assert found["events"] == 60_000
    assert set(found["stages"]) == set(STAGES.values())
    assert sum(found["stages"].values()) == pytest.approx(found["seconds"], abs=0.5)
    assert found["replay_events_per_second"] > found["read_events_per_second"] / 10 > 0
    assert 100 < found["peak_mb"] < 4_000
    assert all(each["explain"] > 0 for each in found["us_per_row"].values())
    assert not (tmp_path / "training.jsonl").exists()
