"""The target is configuration: which event is the outcome, and which ends a lead without being one."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from pydantic import ValidationError

from schemas.digest import configuration_digest, features_digest
from schemas.settings import Settings
from schemas.target import AfterDays, Target
from schemas.times import DAY, HOUR, format_time
from stream.core.lead import LATER
from stream.core.plan import build_plan
from tests.training import logs
from training.log import EventLog, read_log
from training.snapshots import Snapshots
from training.taking import take_snapshots

BEGIN: Final = logs.BEGIN
SQL: Final = {"channel": "crm", "match": [{"name": "stage", "properties": {"to": "SQL"}}]}
CHURNED: Final = {"channel": "product", "match": [{"name": "cancelled"}]}
LOST: Final = {"channel": "crm", "match": [{"name": "lost"}]}


def event(lead: str, number: int, time: int, kind: str, name: str, **properties: Any) -> dict[str, Any]:
    row = {"id": f"{lead}-{number}", "lead": lead, "time": format_time(time), "type": kind, "name": name}
    return row | ({"properties": properties} if properties else {})


def settings(**target: Any) -> Settings:
    return logs.settings(target={"within": "10d", **target})


def read(tmp_path: Path, rows: list[dict[str, Any]], **target: Any) -> EventLog:
    last = event("zoe", 0, BEGIN + 90 * DAY, "web", "page_view")
    return read_log([logs.write(tmp_path / "log.jsonl", [*rows, last])], "native", settings(**target))


def take(log: EventLog, *days: int) -> Snapshots:
    return take_snapshots(log, build_plan(settings()), AfterDays(days=days), 10 * DAY)[0]


def outcomes(log: EventLog) -> dict[str, int]:
    return {lead: int(time) for lead, time in zip(log.leads, log.lives.outcome.tolist(), strict=True) if time < LATER}


def test_without_a_target_of_its_own_the_workers_outcome_is_predicted(tmp_path: Path) -> None:
    rows = [event("ann", 1, BEGIN, "web", "page_view"), event("ann", 2, BEGIN + DAY, "outcome", "converted")]
    assert outcomes(read(tmp_path, rows)) == {"ann": BEGIN + DAY}


def test_a_stage_change_is_told_by_its_properties(tmp_path: Path) -> None:
    rows = [
        event("ann", 1, BEGIN, "web", "page_view"),
        event("ann", 2, BEGIN + DAY, "crm", "stage", to="MQL"),
        event("ann", 3, BEGIN + 2 * DAY, "crm", "stage", to="SQL"),
        event("bob", 1, BEGIN, "web", "page_view"),
        event("bob", 2, BEGIN + DAY, "crm", "stage", to="MQL"),
        event("bob", 3, BEGIN + 2 * DAY, "outcome", "converted"),
    ]
    assert outcomes(read(tmp_path, rows, counts=SQL)) == {"ann": BEGIN + 2 * DAY}


def test_an_event_that_only_the_target_knows_changes_no_feature(tmp_path: Path) -> None:
    """A worker drops it: neither the lead's age nor anything else may depend on it."""
    rows = [event("ann", n, BEGIN + n * HOUR, "web", "page_view") for n in range(1, 5)]
    early = event("ann", 9, BEGIN, "crm", "stage", to="MQL")
    late = event("ann", 10, BEGIN + 5 * DAY, "crm", "stage", to="SQL")
    without = take(read(tmp_path, rows, counts=SQL), 1, 3)
    with_it = take(read(tmp_path, [early, *rows, late], counts=SQL), 1, 3)
    assert with_it.features.tobytes() == without.features.tobytes()
    assert (with_it.time.tolist(), with_it.label.tolist()) == (without.time.tolist(), [1, 1])


def test_a_target_that_is_a_signal_too_counts_in_features_as_the_worker_counts_it(tmp_path: Path) -> None:
    call = {"channel": "crm", "match": [{"name": "call"}]}
    rows = [event("ann", n, BEGIN + n * HOUR, "web", "page_view") for n in range(3)]
    log = read(tmp_path, [*rows, event("ann", 7, BEGIN + 2 * DAY, "crm", "call")], counts=call)
    assert outcomes(log) == {"ann": BEGIN + 2 * DAY}
    assert log.columns.hit_signal.tolist().count(2) == 1
    assert take(log, 1, 3).day.tolist() == [1]  # ann's third day comes after her outcome, and zoe's windows are open


def test_a_lead_that_is_lost_is_asked_no_more_and_wins_nothing(tmp_path: Path) -> None:
    rows = [
        event("ann", 1, BEGIN, "web", "page_view"),
        event("ann", 2, BEGIN + 2 * DAY, "crm", "lost"),
        event("ann", 3, BEGIN + 4 * DAY, "outcome", "converted"),
        event("bob", 1, BEGIN, "web", "page_view"),
        event("bob", 2, BEGIN + 4 * DAY, "outcome", "converted"),
    ]
    log = read(tmp_path, rows, counts={"channel": "outcome", "match": [{"name": "converted"}]}, ends=LOST)
    snapshots, left_out = take_snapshots(log, build_plan(settings()), AfterDays(days=(1, 3)), 10 * DAY)
    found = zip([log.leads[who] for who in snapshots.lead.tolist()], snapshots.day.tolist(), strict=True)
    assert dict(zip(found, snapshots.label.tolist(), strict=True)) == {
        ("ann", 1): 0, ("bob", 1): 1, ("bob", 3): 1
    }  # fmt: skip
    assert left_out.lost == 1


def test_ends_work_beside_the_workers_outcome_too(tmp_path: Path) -> None:
    rows = [event("ann", 1, BEGIN, "web", "page_view"), event("ann", 2, BEGIN + DAY, "crm", "lost")]
    rows.append(event("ann", 3, BEGIN + 2 * DAY, "outcome", "converted"))
    assert outcomes(read(tmp_path, rows, ends=LOST)) == {}


def test_churn_is_an_outcome_like_any_other(tmp_path: Path) -> None:
    rows = [event("ann", 1, BEGIN, "product", "lesson"), event("ann", 2, BEGIN + 2 * DAY, "product", "cancelled")]
    assert take(read(tmp_path, rows, counts=CHURNED, name="churned"), 1).label.tolist() == [1]


def test_a_lead_that_only_the_target_knows_is_none(tmp_path: Path) -> None:
    log = read(tmp_path, [event("ann", 1, BEGIN, "product", "cancelled")], counts=CHURNED)
    assert int((log.lives.first < LATER).sum()) == 1
    assert len(take(log, 1)) == 0


def test_the_target_is_no_part_of_what_workers_agree_on() -> None:
    plain, other = settings(), settings(counts=SQL, name="became_sql")
    assert features_digest(plain) == features_digest(other)
    assert configuration_digest(plain) == configuration_digest(other)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"within": "30m"}, "greater than or equal"),
        ({"names": ["won"], "ending_names": ["won"]}, "named among names and ending_names: won"),
        ({"counts": LOST, "ends": LOST}, "counts and ends are one event"),
        ({"moments": {"kind": "days", "days": []}}, "at least 1 item"),
        ({"moments": {"kind": "hourly"}}, "hourly"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(target: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        Target.model_validate(target)


def test_the_same_kind_is_scanned_and_decoded_alike(tmp_path: Path) -> None:
    """Escapes send a line to the decoders; what it is to the target must not depend on that."""
    rows = [event(f"l{n}", n, BEGIN + n * HOUR, "product", "cancelled") for n in range(200)]
    path = tmp_path / "log.jsonl"
    lines = [json.dumps(row) for row in rows]
    lines[::3] = [line.replace("cancelled", "c\\u0061ncelled") for line in lines[::3]]
    path.write_text("\n".join(lines * 2), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.blocks.SIZE", 4096)
        log = read_log([path], "native", settings(counts=CHURNED))
    assert np.array_equal(log.lives.outcome, [BEGIN + n * HOUR for n in range(200)])
