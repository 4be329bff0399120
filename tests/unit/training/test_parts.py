"""Events that go through files are the events that were in memory."""

import errno
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from schemas.times import DAY
from stream.core.plan import build_plan
from tests.training import logs
from training import blocks
from training.log import read_log
from training.parts import PARTS
from training.refusal import TrainingRefused
from training.taking import take_snapshots

SETTINGS: Final = logs.settings()
TARGET: Final = SETTINGS.target


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = logs.events(logs.World(leads=300))
    return logs.write(tmp_path / "log.jsonl.gz", rows + rows[::7])


def test_a_log_that_is_larger_than_memory_gives_the_same_snapshots(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 1 << 14)
    whole = read_log([log], "native", SETTINGS)
    spilled = read_log([log], "native", SETTINGS, in_memory=100)
    assert (whole.parts.count, spilled.parts.count) == (1, PARTS)
    assert len(list(spilled.by_part())) > 30
    plan = build_plan(SETTINGS)
    one, left = take_snapshots(whole, plan, TARGET.moments, 10 * DAY)
    other, left_again = take_snapshots(spilled, plan, TARGET.moments, 10 * DAY)
    assert left == left_again
    assert left.repeated > 0
    assert len(one) > 500
    for name in ("lead", "day", "first", "time", "label", "features"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    for here, there in zip(whole.columns, spilled.columns, strict=True):
        assert np.array_equal(here, there)


def test_a_disk_without_room_is_named_with_the_remedy(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(TrainingRefused, match=r"No space left on device; set TMPDIR to a directory with more room"):
        read_log([log], "native", SETTINGS, in_memory=100)


def test_the_files_are_gone_with_the_log(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "spill"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    found = read_log([log], "native", SETTINGS, in_memory=100)
    assert list(folder.iterdir())
    found.parts.close()
    assert not list(folder.iterdir())
