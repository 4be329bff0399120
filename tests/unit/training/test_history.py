"""The history is described in figures and judged in sentences that name the remedy."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from schemas.times import DAY, HOUR, format_time
from stream.core.plan import build_plan
from tests.training import logs
from training.history import Finding, judge_history
from training.log import read_log
from training.taking import take_snapshots

BEGIN: Final = logs.BEGIN
SETTINGS: Final = logs.settings()


def row(lead: str, number: int, time: float, kind: str = "web", name: str = "page_view") -> dict[str, Any]:
    return {"id": f"{lead}-{number}", "lead": lead, "time": format_time(int(time)), "type": kind, "name": name}


def judge(
    tmp_path: Path, rows: list[dict[str, Any]], outcomes: list[str] | None = None
) -> tuple[dict[str, Any], dict[str, Finding]]:
    listed = None
    if outcomes is not None:
        listed = tmp_path / "deals.csv"
        listed.write_text("\n".join(["lead,time,outcome,value", *outcomes, ""]), encoding="utf-8")
    log = read_log([logs.write(tmp_path / "log.jsonl", rows)], "native", SETTINGS, listed)
    target = SETTINGS.target
    _, left_out = take_snapshots(log, build_plan(SETTINGS), target.moments, target.within)
    figures, findings = judge_history(log, left_out, target)
    return figures, {finding.code: finding for finding in findings}


def leads(count: int, days: float, converting: int = 0, delay: float = 5) -> list[dict[str, Any]]:
    """Leads evenly over so many days, with a view each hour for three hours; the first of them convert."""
    found = []
    for lead in range(count):
        begin = BEGIN + lead * days * DAY / count
        found += [row(f"l{lead}", n, begin + n * HOUR) for n in range(3)]
        if lead < converting:
            found.append(row(f"l{lead}", 9, begin + delay * DAY, "outcome", "converted"))
    return found


def test_a_long_full_clean_history_passes(tmp_path: Path) -> None:
    figures, findings = judge(tmp_path, leads(1_200, 270, converting=200))
    assert {finding.verdict for finding in findings.values()} == {"passed"}
    assert figures["months"] == pytest.approx(270 / 30.44, rel=0.02)
    assert figures["leads_a_month"] == pytest.approx(1_200 / (270 / 30.44), rel=0.02)
    assert sum(figures["leads_by_month"].values()) == 1_200
    assert sum(figures["outcomes_by_month"].values()) == figures["outcomes"] == 200
    assert figures["delay_median"] == figures["delay_p90"] == 5


def test_a_short_history_is_warned_of(tmp_path: Path) -> None:
    _, findings = judge(tmp_path, leads(1_000, 60, converting=100))
    assert findings["history_length"].verdict == "warned"
    assert "the log spans 2.0 months: less than 6 have not seen a year's ups and downs" in findings[
        "history_length"
    ].sentence  # fmt: skip


def test_few_leads_a_month_are_better_served_by_rules(tmp_path: Path) -> None:
    _, findings = judge(tmp_path, leads(300, 270, converting=50))
    assert findings["leads_a_month"].verdict == "warned"
    assert "34 leads a month: below 100 tuned rules serve better" in findings["leads_a_month"].sentence


def test_outcomes_that_come_after_the_window_are_told(tmp_path: Path) -> None:
    _, findings = judge(tmp_path, leads(1_000, 200, converting=100, delay=45))
    assert findings["label_delay"].verdict == "warned"
    assert "100% come later than the window of 30d: a longer target.within" in findings["label_delay"].sentence


def test_outcomes_without_any_activity_are_no_models_doing(tmp_path: Path) -> None:
    silent = [row(f"s{n}", 1, BEGIN + n * DAY, "outcome", "converted") for n in range(50)]
    figures, findings = judge(tmp_path, leads(1_000, 200, converting=100) + silent)
    assert figures["without_activity"] == pytest.approx(1 / 3, abs=1e-4)
    assert findings["outcomes_without_activity"].verdict == "warned"
    assert "33% of 150 outcomes have no signal before them" in findings["outcomes_without_activity"].sentence


def test_ids_that_do_not_meet_block(tmp_path: Path) -> None:
    silent = [row(f"s{n}", 1, BEGIN + n * DAY, "outcome", "converted") for n in range(100)]
    _, findings = judge(tmp_path, leads(1_000, 200, converting=10) + silent)
    assert findings["outcomes_without_activity"].verdict == "blocked"
    assert "give both the same ids" in findings["outcomes_without_activity"].sentence


def test_a_lead_that_is_a_machine_stands_out(tmp_path: Path) -> None:
    robot = [row("robot", n, BEGIN + n * HOUR / 4) for n in range(1_000)]
    figures, findings = judge(tmp_path, leads(1_000, 200, converting=100) + robot)
    assert (figures["busy_leads"], figures["events_per_lead_most"]) == (1, 1_000)
    assert findings["outliers"].verdict == "warned"
    assert "1 leads with far more hold 24% of all events: filter robots" in findings["outliers"].sentence


def test_disorder_is_told_and_repetition_judged(tmp_path: Path) -> None:
    rows = leads(300, 200, converting=50)
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows)).tolist()]
    figures, findings = judge(tmp_path, shuffled + rows[:300])
    assert figures["unordered"] > len(rows) / 2
    assert figures["repeated"] == 300
    assert findings["repeated_events"].verdict == "warned"
    assert "300 repeat an id and count once: look for what sends events twice" in findings["repeated_events"].sentence


def outcome(lead: str, time: float, value: str = "") -> str:
    return f"{lead},{format_time(int(time))},won,{value}"


def test_a_list_that_fits_the_log_passes_with_its_revenue(tmp_path: Path) -> None:
    won = [outcome(f"l{n}", BEGIN + n * DAY + 9 * DAY, "100") for n in range(50)]
    figures, findings = judge(tmp_path, leads(1_000, 200), won)
    assert findings["listed_outcomes"].verdict == "passed"
    assert (figures["revenue"], figures["revenue_median"]) == (5_000, 100)


@pytest.mark.parametrize(("strangers", "verdict"), [(20, "warned"), (400, "blocked")])
def test_a_list_of_leads_that_the_log_does_not_know_is_judged_by_how_many(
    tmp_path: Path, strangers: int, verdict: str
) -> None:
    won = [outcome(f"l{n}", BEGIN + n * DAY + 9 * DAY) for n in range(50)]
    won += [outcome(f"x{n}", BEGIN + 9 * DAY) for n in range(strangers)]
    figures, findings = judge(tmp_path, leads(1_000, 200), won)
    assert findings["listed_outcomes"].verdict == verdict
    assert f"{strangers} name leads without an event" in findings["listed_outcomes"].sentence
    assert figures["listed"]["unknown_leads"] == strangers


def test_outcomes_before_the_first_event_are_warned_of(tmp_path: Path) -> None:
    won = [outcome(f"l{n}", BEGIN + n * DAY - 90 * DAY) for n in range(20)]
    won += [outcome(f"l{n}", BEGIN + n * DAY + 90 * DAY) for n in range(20, 40)]
    _, findings = judge(tmp_path, leads(1_000, 200), won)
    assert findings["listed_outcomes"].verdict == "warned"
    assert "20 come before their lead's first event" in findings["listed_outcomes"].sentence
