"""Snapshots hold what was known at their moment and nothing of what came after."""

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.target import AfterDays
from schemas.times import DAY, HOUR, format_time
from stream.core.plan import build_plan
from tests.folding import Rows
from tests.property.logs import logs
from tests.property.observed import shipped
from tests.training import logs as worlds
from training.log import EventLog, read_log
from training.snapshots import Snapshots
from training.taking import LeftOut, take_snapshots

SETTINGS: Final = worlds.settings()
NAMES: Final = [feature.name for feature in SETTINGS.features]
BEGIN: Final = worlds.BEGIN
WITHIN: Final = 10 * DAY


def view(number: int, time: int, lead: str = "ann") -> dict[str, Any]:
    return {"id": f"{lead}-{number}", "lead": lead, "time": format_time(time), "type": "web", "name": "page_view"}


def end(time: int, lead: str = "ann") -> dict[str, Any]:
    return {"id": f"{lead}-end", "lead": lead, "time": format_time(time), "type": "outcome", "name": "converted"}


def read(tmp_path: Path, *rows: dict[str, Any]) -> EventLog:
    return read_log([worlds.write(tmp_path / "log.jsonl", rows)], "native", SETTINGS)


def take(log: EventLog, *days: int) -> tuple[Snapshots, LeftOut]:
    return take_snapshots(log, build_plan(SETTINGS), AfterDays(days=days), WITHIN)


@pytest.fixture
def quiet(tmp_path: Path) -> dict[str, Any]:
    """Another lead's event, long after: the log goes on while nobody does anything."""
    return view(0, BEGIN + 100 * DAY, lead="zoe")


def test_an_event_counts_before_the_moment_and_not_at_it(tmp_path: Path, quiet: dict[str, Any]) -> None:
    moment = BEGIN + DAY
    log = read(tmp_path, view(1, BEGIN), view(2, moment - 1), view(3, moment), view(4, moment + HOUR), quiet)
    snapshots, _ = take(log, 1)
    assert snapshots.features[0, NAMES.index("visits_30d")] == 2


def test_later_events_leave_earlier_snapshots_as_they_are(tmp_path: Path, quiet: dict[str, Any]) -> None:
    past = [view(1, BEGIN), view(2, BEGIN + 5 * HOUR), view(3, BEGIN + 2 * DAY)]
    future = [view(n, BEGIN + 3 * DAY + n * HOUR) for n in range(4, 60)]
    short, _ = take(read(tmp_path, *past, quiet), 1, 3)
    long, _ = take(read(tmp_path, *past, *future, quiet), 1, 3)
    assert short.features[:2].tobytes() == long.features[:2].tobytes()


@pytest.mark.parametrize(("after", "label"), [(1, 1), (WITHIN - 1, 1), (WITHIN, 1), (WITHIN + 1, 0), (60 * DAY, 0)])
def test_the_label_is_a_conversion_after_the_moment_within_the_window(
    tmp_path: Path, quiet: dict[str, Any], after: int, label: int
) -> None:
    snapshots, left_out = take(read(tmp_path, view(1, BEGIN), end(BEGIN + DAY + after), quiet), 1)
    assert (snapshots.label.tolist(), left_out.converted) == ([label], 0)


def test_a_lead_is_none_from_its_conversion_on(tmp_path: Path, quiet: dict[str, Any]) -> None:
    log = read(tmp_path, view(1, BEGIN), end(BEGIN + 3 * DAY), view(2, BEGIN + 4 * DAY), quiet)
    snapshots, left_out = take(log, 1, 3, 7)
    assert snapshots.day.tolist() == [1]
    assert left_out.converted == 2


def test_the_earliest_of_two_conversions_is_the_one(tmp_path: Path, quiet: dict[str, Any]) -> None:
    again = end(BEGIN + 5 * DAY) | {"id": "again"}
    snapshots, _ = take(read(tmp_path, view(1, BEGIN), again, end(BEGIN + 2 * DAY), quiet), 1, 3)
    assert (snapshots.day.tolist(), snapshots.label.tolist()) == ([1], [1])


def test_a_window_that_had_not_closed_gives_no_snapshot_even_of_a_lead_that_converted(tmp_path: Path) -> None:
    log = read(tmp_path, view(1, BEGIN), end(BEGIN + 2 * DAY), view(2, BEGIN + DAY + WITHIN - 1))
    assert take(log, 1)[1] == LeftOut(converted=0, open=1)
    log = read(tmp_path, view(1, BEGIN), end(BEGIN + 2 * DAY), view(2, BEGIN + DAY + WITHIN))
    assert take(log, 1)[1] == LeftOut(converted=0, open=0)


@given(st.data())
@settings(max_examples=60)
def test_the_features_are_those_of_a_worker_that_had_read_so_far_to_the_last_bit(data: st.DataObject) -> None:
    scene = data.draw(shipped())
    rows = [row for lead in ("ann", "bob") for row in data.draw(logs(scene.words, lead=lead))]
    last = max(int(row["time"]) for row in rows) + 200 * DAY
    lines = [_native(row) for row in rows]
    name = next(name for kind, name in scene.words.names if kind == "web")
    lines.append(_native({**rows[0], "id": "far", "lead": "zoe", "time": last, "type": "web", "name": name}))
    with tempfile.TemporaryDirectory() as folder:
        log = read_log([worlds.write(Path(folder) / "log.jsonl", lines)], "native", scene.settings)
    snapshots, _ = take_snapshots(log, build_plan(scene.settings), AfterDays(days=(1, 7, 30)), WITHIN)
    for i, who in enumerate(snapshots.lead.tolist()):
        if log.leads[who] != "zoe":
            worker = Rows(scene.settings)
            time = int(snapshots.time[i])
            worker.fold(
                sorted(
                    (row for row in rows if row["lead"] == log.leads[who] and row["time"] < time),
                    key=lambda row: int(row["time"]),
                )
            )
            wanted = worker.vector(log.leads[who], time)
            assert snapshots.features[i].tobytes() == np.asarray(wanted).tobytes()


def _native(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("id", "lead", "type")} | {"time": format_time(int(row["time"]))}
    if row["type"] == "profile":
        return kept | {"fields": row["properties"]}
    return kept | {"name": row["name"], "path": row["path"], "properties": row["properties"]}
