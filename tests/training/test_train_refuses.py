"""`leadpulse train` on data not to be trusted, and where it cannot write: what it refuses, and that it says why."""

import argparse
import shutil
from pathlib import Path

import pytest

from leadpulse.commands import train
from stream.models.rules import rules_model
from tests.training.command import in_force, leadpulse_train, manifest
from tests.training.logs import World, events, settings, write


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


def test_a_blocked_model_leaves_the_one_in_force_where_it_is(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "models", tmp_path / "models")
    before = in_force(tmp_path)
    assert before is not None
    assert leadpulse_train(tmp_path, write(tmp_path / "log.jsonl", events(World(leak=True)))) == 1
    assert in_force(tmp_path) == before


def test_conversions_that_have_nothing_to_do_with_behaviour_give_chance_and_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "log.jsonl", events(World(shuffled=True)))
    every = {"candidates": ["logistic", "gradient_boosting", "random_forest"], "budget": 0}
    assert leadpulse_train(tmp_path, path, learning=every) == 1
    # Over all moments a lead's age orders leads: those that stay without converting grow old.
    within = manifest(tmp_path).metrics["test"]["auc_within_moments"]
    assert within["low"] < 0.5 < within["high"]
    assert within["value"] == pytest.approx(0.5, abs=0.08)
    assert "no better than chance" in capsys.readouterr().err
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


def test_a_registry_that_cannot_be_written_is_named(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").write_text("in the way", encoding="utf-8")
    assert leadpulse_train(tmp_path, log) == 1
    assert f"cannot write to {tmp_path / 'models'}" in capsys.readouterr().err


def test_a_damaged_copy_in_the_registry_is_not_put_in_force(
    stored: Path, tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(stored / "models", tmp_path / "models")
    (path,) = tmp_path.glob("models/*/manifest.json")
    path.write_bytes(path.read_bytes() + b" ")
    assert leadpulse_train(tmp_path, log) == 1
    assert "holds a damaged copy of the model" in capsys.readouterr().err
    assert in_force(tmp_path) is None


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
    shown = " ".join(capsys.readouterr().out.split())
    assert "leadpulse train --events history/*.jsonl.gz" in shown
    assert "least leads in the training slice (default: that of --floor; below some 200" in shown
