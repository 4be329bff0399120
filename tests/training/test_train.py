"""`leadpulse train` from logs to a registry: what it makes, what it refuses, and that it says why."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from leadpulse.commands import train
from schemas.digest import features_digest
from schemas.load import load_settings
from schemas.manifest import ModelManifest
from schemas.times import DAY, format_time, parse_time
from stream.core.model import Model
from stream.models.registry import Registry
from stream.models.rules import rules_model
from tests.training.logs import World, events, settings, write
from training.report.verdict import MARKS

DAYS: Final = "1,3,7,14"


def config(folder: Path) -> Path:
    """The worlds' settings as a file."""
    path = folder / "settings.yaml"
    sections = settings().model_dump(mode="json", include={"observed", "features", "scorecard"})
    path.write_text(yaml.safe_dump(sections), encoding="utf-8")
    return path


def leadpulse_train(folder: Path, *paths: Path, more: tuple[str, ...] = ()) -> int:
    """The command's exit status; its registry is `folder/models`."""
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    where = ["--config", str(config(folder)), "--out", str(folder / "models"), "--snapshots", DAYS]
    arguments = parser.parse_args(["train", "--events", *map(str, paths), *where, *more])
    return int(arguments.run(arguments))


def manifest(folder: Path) -> ModelManifest:
    """That of the only model in the registry."""
    (path,) = folder.glob("models/*/manifest.json")
    return ModelManifest.model_validate_json(path.read_bytes())


def in_force(folder: Path) -> str | None:
    return Registry(folder / "models").current()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("log") / "log.jsonl.gz", events(World()))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    assert leadpulse_train(folder, log) == 0
    return folder


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
    assert leadpulse_train(tmp_path, log) == 0
    assert in_force(tmp_path) == in_force(trained)
    (report,), (again,) = trained.glob("models/*/report.html"), tmp_path.glob("models/*/report.html")
    assert report.read_bytes() == again.read_bytes()


def test_another_seed_is_another_model(trained: Path, tmp_path: Path, log: Path) -> None:
    assert leadpulse_train(tmp_path, log, more=("--seed", "1")) == 0
    assert in_force(tmp_path) != in_force(trained)


def test_trees_are_taken_where_a_line_cannot_follow_and_a_worker_runs_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "log.jsonl", events(World(banded=True)))
    assert leadpulse_train(tmp_path, path, more=("--json",)) == 0
    assert manifest(tmp_path).kind == "gradient_boosting"
    assert manifest(tmp_path).training["strongest"][0]["feature"] == "employees"
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(manifest(tmp_path).metrics))
    assert printed["test"]["auc"]["low"] > 0.75


def test_a_leaking_feature_is_refused_by_name_with_its_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "log.jsonl", events(World(leak=True)))
    assert leadpulse_train(tmp_path, path) == 1
    assert in_force(tmp_path) is None
    error = capsys.readouterr().err
    assert "but not promoted: " in error
    assert "invoices_30d alone has an AUC of 0.9" in error
    assert "Not too good to be true: the AUC on later leads is 0.9" in error
    (report,) = tmp_path.glob("models/*/report.html")
    assert "<h2>Not fit for use</h2>" in report.read_text(encoding="utf-8")


def test_a_blocked_model_leaves_the_one_in_force_where_it_is(trained: Path, tmp_path: Path, log: Path) -> None:
    assert leadpulse_train(tmp_path, log) == 0
    before = in_force(tmp_path)
    assert leadpulse_train(tmp_path, write(tmp_path / "log.jsonl", events(World(leak=True)))) == 1
    assert in_force(tmp_path) == before


def test_conversions_that_have_nothing_to_do_with_behaviour_give_chance_and_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "log.jsonl", events(World(shuffled=True)))
    assert leadpulse_train(tmp_path, path) == 1
    area = manifest(tmp_path).metrics["test"]["auc"]
    assert area["low"] < 0.5 < area["high"]
    assert area["value"] == pytest.approx(0.5, abs=0.08)
    assert "no better than chance on later leads" in capsys.readouterr().err
    assert in_force(tmp_path) is None


@pytest.mark.parametrize(
    ("world", "more", "text"),
    [
        (
            World(converting=False),
            (),
            r"the training slice has one class only: 0 of 2616 snapshots of 654 leads convert",
        ),
        (World(), ("--within", "365d"), "no lead has a label"),
        (World(), ("--format", "segment"), "lines are no segment events"),
    ],
    ids=["one class", "a long window", "another format"],
)
def test_data_that_cannot_end_in_a_model_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], world: World, more: tuple[str, ...], text: str
) -> None:
    assert leadpulse_train(tmp_path, write(tmp_path / "log.jsonl", events(world)), more=more) == 1
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("world", "more", "text"),
    [
        (World(leads=200), (), "too little to learn from: the training slice has"),
        (World(), ("--min-leads", "5000"), "the least is 5000 and 25"),
        (World(), ("--floor", "einstein"), "the least is 1000 and 120"),
    ],
    ids=["few leads", "a high floor", "a vendor's floor"],
)
def test_below_the_floor_the_rules_are_stored_in_place_of_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], world: World, more: tuple[str, ...], text: str
) -> None:
    assert leadpulse_train(tmp_path, write(tmp_path / "log.jsonl", events(world)), more=more) == 3
    error = capsys.readouterr().err
    assert text in error
    assert f"stored the rules scorecard {rules_model(settings()).digest} in place of a model" in error
    assert manifest(tmp_path).kind == "rules"
    assert in_force(tmp_path) is None


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


def test_a_model_can_be_stored_without_putting_it_in_force(tmp_path: Path, log: Path) -> None:
    assert leadpulse_train(tmp_path, log, more=("--no-promote",)) == 0
    assert in_force(tmp_path) is None
    assert manifest(tmp_path).kind == "logistic"


def test_a_registry_that_cannot_be_written_is_named(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").write_text("in the way", encoding="utf-8")
    assert leadpulse_train(tmp_path, log) == 1
    assert f"cannot write to {tmp_path / 'models'}" in capsys.readouterr().err


def test_a_damaged_copy_in_the_registry_is_not_put_in_force(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leadpulse_train(tmp_path, log, more=("--no-promote",)) == 0
    (path,) = tmp_path.glob("models/*/manifest.json")
    path.write_bytes(path.read_bytes() + b" ")
    assert leadpulse_train(tmp_path, log) == 1
    assert "holds a damaged copy of the model" in capsys.readouterr().err
    assert in_force(tmp_path) is None


def test_the_order_and_number_of_files_change_no_judgement(trained: Path, tmp_path: Path) -> None:
    rows = events(World())
    halves = [write(tmp_path / "b.jsonl", rows[1::2]), write(tmp_path / "a.jsonl", rows[::2])]
    assert leadpulse_train(tmp_path, *halves) == 0
    found, whole = manifest(tmp_path), manifest(trained)
    assert found.training["split"] == whole.training["split"]
    assert found.metrics["test"]["auc"]["value"] == pytest.approx(whole.metrics["test"]["auc"]["value"], abs=1e-3)


@pytest.mark.parametrize(
    "wrong", [("--snapshots", "0"), ("--snapshots", "x"), ("--within", "1w"), ("--within", "1m"), ("--seed", "-1")]
)
def test_wrong_usage_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        leadpulse_train(tmp_path, tmp_path / "log.jsonl", more=wrong)
    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_the_help_teaches_by_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="leadpulse")
    train.add_parser(parser.add_subparsers())
    with pytest.raises(SystemExit):
        parser.parse_args(["train", "--help"])
    shown = capsys.readouterr().out
    assert "leadpulse train --events history/*.jsonl.gz" in shown
    assert "(default: 200;" in shown


FREEMIUM: Final = Path(__file__).parents[3] / "shared" / "data" / "freemium.jsonl.gz"


@pytest.mark.skipif(
    not FREEMIUM.exists(), reason=f"the freemium log is not here ({FREEMIUM}): its figures go unchecked"
)
def test_the_freemium_log_gives_the_figures_that_are_honest_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = Path(__file__).parents[2] / "examples" / "learning-platform.yaml"
    assert len(load_settings(example).features) >= 30
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    where = ["--config", str(example), "--out", str(tmp_path / "models")]
    arguments = parser.parse_args(["train", "--events", str(FREEMIUM), "--format", "segment", "--json", *where])
    assert arguments.run(arguments) == 0
    days: dict[str, Any] = json.loads(capsys.readouterr().out)["test"]["by_day"]
    # Known of this log, judged on later leads: .68, .70 and .71; counting what came after the purchase gives .96.
    for day, honest in (("1", 0.68), ("3", 0.70), ("7", 0.71)):
        area = days[day]["auc"]
        assert area["low"] < honest < area["high"] < 0.96
    assert days["1"]["auc"]["value"] >= 0.66
