"""A list of outcomes beside the log: what counts, what is told of it, and what is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from schemas.settings import Settings
from schemas.target import AfterDays, Target
from schemas.times import DAY, HOUR, format_time, parse_time
from stream.core.lead import LATER
from stream.core.plan import build_plan
from tests.training import logs
from training.log import EventLog, read_log
from training.outcomes import Listed
from training.refusal import TrainingRefused
from training.taking import take_snapshots

BEGIN: Final = logs.BEGIN
WITHIN: Final = 10 * DAY


def view(lead: str, time: int, number: int = 0) -> dict[str, Any]:
    return {"id": f"{lead}-{number}", "lead": lead, "time": format_time(time), "type": "web", "name": "page_view"}


def csv(path: Path, rows: Sequence[str], header: str = "lead,time,outcome,value") -> Path:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def at(time: int) -> str:
    return format_time(time)


def read(tmp_path: Path, outcomes: Path, *leads: str, **target: Any) -> EventLog:
    settings: Settings = logs.settings(target=Target.model_validate({"within": "10d", **target}).model_dump())
    rows = [view(lead, BEGIN) for lead in leads] + [view("zoe", BEGIN + 60 * DAY)]
    return read_log([logs.write(tmp_path / "log.jsonl", rows)], "native", settings, outcomes)


def listed(log: EventLog) -> Listed:
    assert log.listed is not None
    return log.listed


def outcome(log: EventLog, lead: str) -> int:
    return int(log.lives.outcome[list(log.leads).index(lead)])


def test_the_list_labels_the_leads(tmp_path: Path) -> None:
    rows = [f"ann,{at(BEGIN + 3 * DAY)},won,1200.5", f"bob,{at(BEGIN + 40 * DAY)},won,", f"x,{at(BEGIN + DAY)},won,1"]
    log = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann", "bob", "cat")
    snapshots, left_out = take_snapshots(log, build_plan(logs.settings()), AfterDays(days=(1, 7)), WITHIN)
    assert [log.leads[lead] for lead in snapshots.lead[snapshots.label == 1].tolist()] == ["ann"]
    assert left_out.converted == 1
    assert log.lives.value[0] == 1200.5
    assert np.isnan(log.lives.value[1])


def test_outcomes_that_count_and_those_that_end_a_lead_are_told_apart(tmp_path: Path) -> None:
    rows = [
        f"ann,{at(BEGIN + 3 * DAY)},won,1", f"bob,{at(BEGIN + 2 * DAY)},lost,0", f"bob,{at(BEGIN + 5 * DAY)},won,9",
        f"cat,{at(BEGIN + 2 * DAY)},parked,", f"zoe,{at(BEGIN + 60 * DAY)},parked,",
    ]  # fmt: skip
    names = {"names": ["won"], "ending_names": ["lost"]}
    log = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann", "bob", "cat", **names)
    assert (outcome(log, "ann"), outcome(log, "bob")) == (BEGIN + 3 * DAY, LATER)
    snapshots, left_out = take_snapshots(log, build_plan(logs.settings()), AfterDays(days=(1, 3)), WITHIN)
    taken = [(log.leads[who], day) for who, day in zip(snapshots.lead.tolist(), snapshots.day.tolist(), strict=True)]
    assert taken == [("ann", 1), ("bob", 1), ("cat", 1), ("cat", 3)]
    assert (left_out.converted, left_out.lost) == (1, 1)
    assert (listed(log).counting, listed(log).ending, listed(log).other) == (2, 1, {"parked": 2})


def test_leads_without_an_event_are_counted_and_add_none(tmp_path: Path) -> None:
    rows = [f"{lead},{at(BEGIN + DAY)},won,1" for lead in ("ann", "nobody", "noone")]
    log = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann")
    assert listed(log).unknown_leads == 2
    assert log.leads == ["ann", "zoe"]


def test_an_outcome_before_the_first_event_is_counted_and_gives_no_snapshot(tmp_path: Path) -> None:
    rows = [f"ann,{at(BEGIN - DAY)},won,1", f"zoe,{at(BEGIN + 60 * DAY)},won,1"]
    log = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann", "bob")
    snapshots, left_out = take_snapshots(log, build_plan(logs.settings()), AfterDays(days=(1,)), WITHIN)
    assert listed(log).before_first_event == 1
    assert [log.leads[lead] for lead in snapshots.lead.tolist()] == ["bob"]
    assert left_out.never_asked == 2


def test_times_in_several_zones_are_one_time_and_told(tmp_path: Path) -> None:
    rows = [
        "ann,2026-01-03T12:00:00Z,won,1",
        "bob,2026-01-03T14:00:00+02:00,won,1",
        "cat,2026-01-03T04:00:00-08:00,won,1",
    ]
    log = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann", "bob", "cat")
    assert {outcome(log, lead) for lead in ("ann", "bob", "cat")} == {parse_time("2026-01-03T12:00:00Z")}
    assert listed(log).zones == {"+02:00": 1, "-08:00": 1, "Z": 1}


def test_a_window_that_reaches_beyond_the_list_is_open(tmp_path: Path) -> None:
    """The log goes on for two months, but nobody knows what became of the leads after the list was drawn up."""
    rows = [f"ann,{at(BEGIN + 3 * DAY)},won,1", f"bob,{at(BEGIN + 2 * DAY)},won,1"]
    log = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann", "bob", "cat")
    _, left_out = take_snapshots(log, build_plan(logs.settings()), AfterDays(days=(1,)), WITHIN)
    assert log.known == BEGIN + 3 * DAY
    assert left_out.open == 4


@pytest.mark.parametrize(
    ("rows", "header", "text"),
    [
        ([], "lead,time", "have no rows"),
        (["ann,2026-01-03"], "lead,when", "have no column time"),
        (["ann,2026-01-03 12:00:00"], "lead,time", r"row 2: not an RFC 3339 time with an offset"),
        (["ann,2026-01-03T12:00:00"], "lead,time", r"row 2: not an RFC 3339 time with an offset"),
        ([f"ann,{at(BEGIN)},won,dear"], "lead,time,outcome,value", r"row 2: value: must be a number, not 'dear'"),
        ([f",{at(BEGIN)}"], "lead,time", r"row 2: lead: must be the lead's id"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_by_row(tmp_path: Path, rows: list[str], header: str, text: str) -> None:
    with pytest.raises(TrainingRefused, match=text):
        read(tmp_path, csv(tmp_path / "deals.csv", rows, header), "ann")


def test_a_list_without_an_outcome_that_counts_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = csv(tmp_path / "deals.csv", [f"ann,{at(BEGIN)},Closed Won,1"])
    with pytest.raises(
        TrainingRefused, match=r"is an outcome that counts \(won\); it has Closed Won: set target.names"
    ):
        read(tmp_path, path, "ann", names=["won"])


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"cannot read the outcomes .*gone.csv: No such file"):
        read(tmp_path, tmp_path / "gone.csv", "ann")


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    rows = [f"ann,{at(BEGIN + 3 * DAY)},won,12.5", f"bob,{at(BEGIN + 9 * DAY + HOUR)},won,"]
    columns: dict[str, Any] = {
        "lead": ["ann", "bob"],
        "time": pyarrow.array([BEGIN + 3 * DAY, BEGIN + 9 * DAY + HOUR], pyarrow.timestamp("ms", tz="UTC")),
        "outcome": ["won", "won"],
        "value": [12.5, None],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "deals.parquet")
    one = read(tmp_path, csv(tmp_path / "deals.csv", rows), "ann", "bob")
    other = read(tmp_path, tmp_path / "deals.parquet", "ann", "bob")
    assert one.lives.outcome.tolist() == other.lives.outcome.tolist()
    assert np.array_equal(one.lives.value, other.lives.value, equal_nan=True)
