"""`leadpulse train` from logs to a registry: what it makes, and that it makes it again."""

import json
import shutil
from pathlib import Path

import pytest

from schemas.digest import features_digest
from schemas.times import DAY, format_time, parse_time
from stream.core.model import Model
from stream.models.registry import Registry
from tests.training.command import EVERY_FAMILY, in_force, leadpulse_train, manifest
from tests.training.logs import World, events, settings, write
from training.report.verdict import MARKS


def test_a_worker_takes_the_model_that_is_in_force(trained: Path) -> None:
    digest = in_force(trained)
    assert digest is not None
    known = settings()
    model = Model(Registry(trained / "models").load(digest), features_digest(known), known.tiers)
    assert model.tiers == ["hot", "warm", "cold"]
    assert len(model.percentiles) == 101
    assert len(model.manifest.golden.features) >= 32


def test_the_model_has_learned_what_the_leads_are_like(trained: Path) -> None:
    area = manifest(trained).metrics["test"]["auc"]
    assert area["low"] > 0.55
    assert area["value"] < 0.9


def test_the_manifest_records_what_it_was_made_from(trained: Path, log: Path) -> None:
    found = manifest(trained)
    rows = events(World())
    assert found.created == max(row["time"] for row in rows)
    assert found.training["events"]["lines"] == len(rows)
    assert found.training["events"]["leads"] == 1600
    assert found.training["events"]["files"][0]["name"] == log.name
    assert found.training["options"]["snapshots"] == [1, 3, 7, 14]
    assert set(found.metrics["test"]["by_day"]) == {"1", "3", "7", "14"}
    assert sum(each["taken"] for each in found.training["candidates"]) == 1
    moments, split = found.training["moments"], found.training["split"]
    used = sum(split[name]["snapshots"] for name in ("train", "calibration", "test"))
    assert used + moments["embargoed"] == moments["snapshots"]
    assert moments["snapshots"] + moments["converted"] + moments["open"] == 1600 * 4


def test_every_check_is_in_the_manifest_and_the_report_those_passed_too(trained: Path) -> None:
    (report,) = trained.glob("models/*/report.html")
    text = report.read_text(encoding="utf-8")
    checks = manifest(trained).checks
    assert len(checks) >= 8
    assert all(f"{MARKS[each['verdict']]}</span> {each['title']}" in text for each in checks)
    assert all(each["verdict"] in ("passed", "warned") for each in checks)


def test_the_report_says_in_the_first_lines_what_the_model_is_worth(trained: Path) -> None:
    (report,) = trained.glob("models/*/report.html")
    verdict = report.read_text(encoding="utf-8").partition('<div class="verdict')[2].partition("</div>")[0]
    test = manifest(trained).metrics["test"]
    assert "<h2>Fit for use" in verdict
    assert f"{100 * test['precision_top_10']['value']:.0f} in 100 convert within" in verdict
    assert f"{test['lift_top_10']['value']:.1f} times as many" in verdict


def test_the_same_command_twice_gives_the_same_digest(trained: Path, tmp_path: Path, log: Path) -> None:
    assert leadpulse_train(tmp_path, log, learning=EVERY_FAMILY) == 0
    assert in_force(tmp_path) == in_force(trained)
    (report,), (again,) = trained.glob("models/*/report.html"), tmp_path.glob("models/*/report.html")
    assert report.read_bytes() == again.read_bytes()


def test_another_seed_is_another_model(trained: Path, tmp_path: Path, log: Path) -> None:
    assert leadpulse_train(tmp_path, log, more=("--seed", "1"), learning=EVERY_FAMILY) == 0
    assert in_force(tmp_path) != in_force(trained)


def test_trees_are_taken_where_a_line_cannot_follow_and_a_worker_runs_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "log.jsonl", events(World(banded=True)))
    both = {"candidates": ["logistic", "gradient_boosting"], "budget": 0}
    assert leadpulse_train(tmp_path, path, more=("--json",), learning=both) == 0
    assert manifest(tmp_path).kind == "gradient_boosting"
    assert manifest(tmp_path).training["strongest"][0]["feature"] == "employees"
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(manifest(tmp_path).metrics))
    assert printed["test"]["auc"]["low"] > 0.75


def test_the_promotion_is_recorded_with_what_it_beat(trained: Path) -> None:
    (entry,) = Registry(trained / "models").promotions()
    assert (entry.model, entry.previous, entry.forced) == (in_force(trained), None, False)
    assert entry.reason.startswith("better than the rules: ")


def test_a_scheduler_is_told_when_training_is_due(
    trained: Path, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained / "models", tmp_path / "models")
    before = Registry(tmp_path / "models").models()
    assert leadpulse_train(tmp_path, log, more=("--if-due", "drift")) == 0
    assert "not due: 0 leads are later than the latest model's data" in capsys.readouterr().err
    # Leads of the same world that come later.
    later = [row | {"lead": "late-" + row["lead"], "id": "late-" + row["id"]} for row in events(World(leads=700))]
    shift = 400 * DAY
    later = [row | {"time": format_time(parse_time(row["time"]) + shift)} for row in later]
    both = write(tmp_path / "later.jsonl", events(World()) + later)
    assert leadpulse_train(tmp_path, both, more=("--if-due", "drift")) == 0
    assert "not due until leads change: the scores of " in capsys.readouterr().err
    assert Registry(tmp_path / "models").models() == before


def test_a_model_can_be_stored_without_putting_it_in_force(stored: Path) -> None:
    assert in_force(stored) is None
    assert manifest(stored).kind == "logistic"


def test_the_order_and_number_of_files_change_no_judgement(stored: Path, tmp_path: Path) -> None:
    rows = events(World())
    halves = [write(tmp_path / "b.jsonl", rows[1::2]), write(tmp_path / "a.jsonl", rows[::2])]
    assert leadpulse_train(tmp_path, *halves) == 0
    found, whole = manifest(tmp_path), manifest(stored)
    assert found.training["split"] == whole.training["split"]
    assert found.metrics["test"]["auc"]["value"] == pytest.approx(whole.metrics["test"]["auc"]["value"], abs=1e-3)
