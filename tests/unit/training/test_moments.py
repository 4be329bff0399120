"""The moments at which training asks: where they lie, and that none knows more than was known then."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.target import AfterDays, AfterEvents, EachActivity, Weekly
from schemas.times import DAY, HOUR, MINUTE, format_time
from stream.core.columns import Columns
from stream.core.plan import build_plan
from tests.training import logs
from training.log import EventLog, read_log
from training.moments import Moments, ask, describe, groups
from training.snapshots import Snapshots
from training.taking import take_snapshots

SETTINGS: Final = logs.settings()
NAMES: Final = [feature.name for feature in SETTINGS.features]
BEGIN: Final = logs.BEGIN
WITHIN: Final = 10 * DAY


def view(time: int, number: int, lead: str = "ann", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{lead}-{number}", "lead": lead, "time": format_time(time), "type": "web", "name": "page_view"
    } | more  # fmt: skip


def read(tmp_path: Path, *rows: dict[str, Any]) -> EventLog:
    far = view(BEGIN + 300 * DAY, 0, "zoe", type="profile", fields={"employees": 1})
    del far["name"]
    return read_log([logs.write(tmp_path / "log.jsonl", [*rows, far])], "native", SETTINGS)


def take(log: EventLog, moments: Moments) -> Snapshots:
    return take_snapshots(log, build_plan(SETTINGS), moments, WITHIN)[0]


def visits(snapshots: Snapshots) -> list[float]:
    return [float(each) for each in snapshots.features[:, NAMES.index("visits_30d")]]


def test_after_the_nth_signal_just_these_are_known(tmp_path: Path) -> None:
    log = read(tmp_path, *(view(BEGIN + n * MINUTE, n) for n in range(8)))
    found = take(log, AfterEvents(kind="events", events=(3, 6, 10)))
    assert found.day.tolist() == [3, 6]
    assert visits(found) == [3, 6]
    assert found.time.tolist() == [BEGIN + 2 * MINUTE + 1, BEGIN + 5 * MINUTE + 1]


def test_a_repeated_event_is_no_further_one(tmp_path: Path) -> None:
    rows = [view(BEGIN + n * MINUTE, n) for n in range(3)]
    log = read(tmp_path, rows[0], rows[0], rows[0], rows[1], rows[1], rows[2])
    found = take(log, AfterEvents(kind="events", events=(3,)))
    assert (found.time.tolist(), visits(found)) == ([BEGIN + 2 * MINUTE + 1], [3])


def test_profile_and_outcome_are_no_signals(tmp_path: Path) -> None:
    profile = view(BEGIN, 7, type="profile", fields={"employees": 3})
    outcome = view(BEGIN + MINUTE, 8, type="outcome", name="converted")
    log = read(tmp_path, profile, outcome, view(BEGIN + HOUR, 1))
    asked = ask(AfterEvents(kind="events", events=(1,)), log.columns, log.lives.first)
    assert asked.time.tolist() == [BEGIN + HOUR + 1]


def test_each_day_with_activity_is_asked_about_once_after_its_first_signal(tmp_path: Path) -> None:
    times = [0, HOUR, 5 * HOUR, 2 * DAY + HOUR, 2 * DAY + 2 * HOUR, 9 * DAY, 40 * DAY]
    log = read(tmp_path, *(view(BEGIN + time, n) for n, time in enumerate(times)))
    found = take(log, EachActivity(kind="activity", days=30))
    assert [time - BEGIN for time in found.time.tolist()] == [1, 2 * DAY + HOUR + 1, 9 * DAY + 1]
    assert found.day.tolist() == [0, 1, 7]
    assert visits(found) == [1, 4, 6]


def test_the_weekly_grid_is_the_same_for_everybody(tmp_path: Path) -> None:
    log = read(tmp_path, view(BEGIN, 1), view(BEGIN + 3 * DAY + HOUR, 1, "bob"))
    found = take(log, Weekly(kind="weekly", weeks=2))
    days = [datetime.fromtimestamp(time / 1000, UTC) for time in found.time.tolist()]
    assert all((day.weekday(), day.hour, day.minute) == (0, 0, 0) for day in days)
    ann, bob = (found.time[found.lead == log.leads.index(lead)].tolist() for lead in ("ann", "bob"))
    assert ann == bob
    assert found.day.tolist() == [0, 7, 0, 7]


@given(st.integers(0, 400 * DAY))
def test_the_grid_begins_with_the_first_monday_after_a_leads_first_event(first: int) -> None:
    one, none = np.zeros(1, np.int64), np.zeros(0, np.int64)
    event = Columns(one, one + BEGIN + first, one.astype(np.uint64), one, one, np.zeros(2, np.int64), none, none,
                    np.zeros(2, np.int64), none, none)  # fmt: skip
    asked = ask(Weekly(kind="weekly", weeks=1), event, one + BEGIN + first)
    assert 0 < asked.time[0] - BEGIN - first <= 7 * DAY
    assert datetime.fromtimestamp(asked.time[0] / 1000, UTC).weekday() == 0


ALL: Final = (
    AfterDays(days=(1, 7)),
    AfterEvents(kind="events", events=(2, 4)),
    EachActivity(kind="activity"),
    Weekly(kind="weekly"),
)


@pytest.mark.parametrize("moments", ALL, ids=lambda each: each.kind)
def test_whatever_the_moments_no_snapshot_knows_what_came_after(tmp_path: Path, moments: Moments) -> None:
    past = [view(BEGIN + n * 20 * HOUR, n) for n in range(6)]
    future = [view(BEGIN + 30 * DAY + n * HOUR, 50 + n) for n in range(9)]
    short, long = take(read(tmp_path, *past), moments), take(read(tmp_path, *past, *future), moments)
    before = short.time <= BEGIN + 30 * DAY
    same = long.time <= BEGIN + 30 * DAY
    assert before.sum() >= 2
    assert short.of(before).features.tobytes() == long.of(same).features.tobytes()


@pytest.mark.parametrize("moments", ALL, ids=lambda each: each.kind)
def test_whatever_the_moments_nothing_is_asked_after_the_outcome_or_before_its_window_closed(
    tmp_path: Path, moments: Moments
) -> None:
    rows = [view(BEGIN + n * 20 * HOUR, n) for n in range(40)]
    end = view(BEGIN + 12 * DAY, 99, type="outcome", name="converted")
    log = read_log([logs.write(tmp_path / "log.jsonl", [*rows, end])], "native", SETTINGS)
    found = take(log, moments)
    assert len(found) > 0
    assert (found.time < BEGIN + 12 * DAY).all()
    assert (found.time + WITHIN <= log.end).all()
    assert ((found.time + WITHIN >= BEGIN + 12 * DAY) == (found.label == 1)).all()


@pytest.mark.parametrize("moments", ALL, ids=lambda each: each.kind)
def test_every_snapshot_belongs_to_a_group_that_is_named(tmp_path: Path, moments: Moments) -> None:
    found = take(read(tmp_path, *(view(BEGIN + n * 20 * HOUR, n) for n in range(90))), moments)
    assert set(found.day.tolist()) <= set(groups(moments))
    assert describe(moments)
