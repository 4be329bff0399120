"""A log in Parquet says what the same log says in JSON Lines."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from tests.training import logs
from training.log import EventLog, read_log
from training.refusal import TrainingRefused

SETTINGS: Final = logs.settings()
ROWS: Final = logs.events(logs.World(leads=40))


def parquet(path: Path, columns: dict[str, Any]) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def the_same(log: EventLog, tmp_path: Path) -> None:
    wanted = read_log([logs.write(tmp_path / "same.jsonl", ROWS)], "native", SETTINGS)
    assert log.leads == wanted.leads
    assert (log.lines, log.begin, log.end) == (wanted.lines, wanted.begin, wanted.end)
    for here, there in zip(log.columns, wanted.columns, strict=True):
        assert np.array_equal(here, there)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_column_of_raw_json(tmp_path: Path, as_text: bool) -> None:
    texts = [json.dumps(row, indent=1) for row in ROWS]
    path = parquet(tmp_path / "log.parquet", {"event": texts if as_text else [text.encode() for text in texts]})
    the_same(read_log([path], "native", SETTINGS), tmp_path)


@pytest.mark.parametrize("unit", ["text", "ms", "ns"])
def test_the_native_fields_as_columns(tmp_path: Path, unit: str) -> None:
    times: Any = [row["time"] for row in ROWS]
    if unit != "text":
        stamps = [datetime.fromisoformat(time) for time in times]
        times = pyarrow.array(stamps, pyarrow.timestamp(unit, tz="UTC"))
    columns = {name: [row.get(name) for row in ROWS] for name in ("id", "lead", "type", "name", "path")}
    columns["properties"] = [json.dumps(row["properties"]) if "properties" in row else None for row in ROWS]
    structs = pyarrow.array([row.get("fields") for row in ROWS])
    path = parquet(tmp_path / "log.parquet", columns | {"time": times, "fields": structs})
    the_same(read_log([path], "native", SETTINGS), tmp_path)


def test_missing_columns_are_named_with_the_remedy(tmp_path: Path) -> None:
    path = parquet(tmp_path / "log.parquet", {"id": ["a"], "when": ["2026-01-01"]})
    with pytest.raises(TrainingRefused, match=r"has no column lead, time, type: give one column event with the raw"):
        read_log([path], "native", SETTINGS)


def test_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    times = pyarrow.array([datetime(2026, 1, 1)], pyarrow.timestamp("ms"))
    path = parquet(tmp_path / "log.parquet", {"id": ["a"], "lead": ["b"], "type": ["web"], "time": times})
    with pytest.raises(TrainingRefused, match="times without a zone: make the column a timestamp in UTC"):
        read_log([path], "native", SETTINGS)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path / "log.parquet", {"event": [json.dumps(row) for row in ROWS]})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TrainingRefused, match=r"cannot read the event log .*log.parquet as Parquet"):
        read_log([path], "native", SETTINGS)


def test_rows_that_are_no_events_are_counted_like_lines(tmp_path: Path) -> None:
    texts = [json.dumps(row) for row in ROWS] + [None, "{", "{}"]
    log = read_log([parquet(tmp_path / "log.parquet", {"event": texts})], "native", SETTINGS)
    assert log.unreadable == {"invalid": 2, "malformed": 1}
