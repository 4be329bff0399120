"""`leadpulse models`: what is in the registry, and putting models in force and back."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadpulse.main import main
from schemas.promotion import Promotion
from stream.core.model import ModelFiles
from stream.models.registry import Registry
from tests.unit.models.files import another, with_manifest

CHECK = {"code": "calibration", "title": "Probabilities mean what they say", "sentence": "slope 0.9"}


def trained(odds: float, auc: float, verdict: str = "passed", **strongest: float) -> ModelFiles:
    """A model as the training job leaves it, with a figure, a check and what weighs most."""

    def judge(manifest: dict[str, Any]) -> None:
        figure = {"value": auc, "low": auc - 0.02, "high": auc + 0.02}
        events = {"first": "2026-01-01T00:00:00.000Z", "last": manifest["created"], "leads": 1000, "lines": 9000,
                  "converted": 90, "files": [{"name": "log", "sha256": "0" * 64}]}  # fmt: skip
        manifest.update(
            kind="logistic",
            created=f"2026-0{int(auc * 10)}-01T00:00:00.000Z",
            metrics={"test": {"auc": figure, "snapshots": 400}},
            checks=[CHECK | {"verdict": verdict}],
            training={
                "events": events,
                "options": {"seed": int(odds)},
                "split": {"test_begin": "2026-02-01T00:00:00.000Z"},
                "strongest": [{"feature": name, "contribution": size} for name, size in strongest.items()],
            },
        )

    return with_manifest(another(odds), judge)


OLD = trained(11, 0.61, logins_7d=3.0, invites_30d=1.0)
NEW = trained(12, 0.72, logins_7d=1.0, pricing_views_48h=1.0)
BAD = trained(13, 0.83, "blocked")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A registry with three models, the oldest in force."""
    registry = Registry(tmp_path / "models")
    for files in (OLD, NEW, BAD):
        registry.add(files)
    registry.promote(OLD.digest)
    return tmp_path / "models"


def run(place: Path, *arguments: str) -> int:
    action, *rest = arguments
    return main(["models", action, *rest, "--models", str(place)])


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_list_has_every_model_and_marks_the_one_in_force(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "list", "--json") == 0
    listed = told(capsys)
    assert [each["digest"] for each in listed] == [BAD.digest, NEW.digest, OLD.digest]
    assert [each["in_force"] for each in listed] == [False, False, True]
    assert listed[0]["checks"] == {"passed": 0, "warned": 0, "blocked": 1}
    assert listed[1]["auc"]["value"] == 0.72
    assert run(place, "list") == 0
    page = capsys.readouterr().out
    assert f"➤  {OLD.digest[:12]}" in page
    assert "0.720 (0.700 to 0.740)" in page


def test_an_empty_registry_says_what_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "absent", "list") == 0
    assert "the rules score" in capsys.readouterr().out


def test_a_damaged_model_is_listed_with_what_is_wrong(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / NEW.digest / "manifest.json").write_bytes(NEW.manifest + b" ")
    assert run(place, "list", "--json") == 0
    (damaged,) = [each for each in told(capsys) if each["refused"]]
    assert damaged["digest"] == NEW.digest
    assert "changed after it was made" in damaged["refused"]


def test_one_model_is_shown_by_the_beginning_of_its_digest(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "show", NEW.digest[:6]) == 0
    page = capsys.readouterr().out
    assert NEW.digest in page
    assert "Probabilities mean what they say: slope 0.9" in page
    assert run(place, "show", "current", "--json") == 0
    shown = told(capsys)
    assert (shown["digest"], shown["in_force"]) == (OLD.digest, True)
    assert shown["manifest"]["kind"] == "logistic"
    assert [each["action"] for each in shown["promotions"]] == ["promotion"]


def test_the_difference_names_figures_checks_features_and_what_weighs(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, "diff", "current", BAD.digest[:8], "--json") == 0
    found = told(capsys)
    assert found["metrics"]["auc"]["old"]["value"] == 0.61
    assert found["metrics"]["auc"]["new"]["value"] == 0.83
    assert found["checks"]["calibration"] == {"old": "passed", "new": "blocked", "sentence": "slope 0.9"}
    assert found["data"]["seed"] == {"old": 11, "new": 13}
    assert found["features"] == {"added": [], "removed": [], "redefined": False}
    assert found["tiers"]["hot"]["old"] != found["tiers"]["hot"]["new"]
    assert found["same_slice"] is True

    assert run(place, "diff", OLD.digest[:8], NEW.digest[:8], "--json") == 0
    shifts = {row["feature"]: row["shift"] for row in told(capsys)["importance"]}
    assert shifts == pytest.approx({"pricing_views_48h": 0.5, "logins_7d": -0.25, "invites_30d": -0.25})

    assert run(place, "diff", OLD.digest[:8], NEW.digest[:8]) == 0
    page = capsys.readouterr().out
    assert "pricing_views_48h  0.0%" in page
    assert "+50.0%" in page
    assert "Both were judged on the same rows." in page


def test_a_promotion_and_a_step_back_are_recorded(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "promote", NEW.digest[:6], "--reason", "won the pilot", "--json") == 0
    promoted = Promotion.model_validate(told(capsys))
    assert (promoted.model, promoted.previous, promoted.forced) == (NEW.digest, OLD.digest, False)
    assert promoted.reason == "won the pilot"
    assert "@" in promoted.by
    assert Registry(place).current() == NEW.digest
    assert run(place, "rollback") == 0
    assert f"{OLD.digest[:12]} is in force" in capsys.readouterr().out
    assert Registry(place).current() == OLD.digest
    assert run(place, "rollback") == 1
    assert "no model was in force before" in capsys.readouterr().err


def test_a_blocked_model_is_promoted_by_force_only_and_on_record(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, "promote", BAD.digest[:6]) == 1
    assert "is blocked: Probabilities mean what they say: slope 0.9. --force" in capsys.readouterr().err
    assert Registry(place).current() == OLD.digest
    assert run(place, "promote", BAD.digest[:6], "--force") == 0
    assert Registry(place).current() == BAD.digest
    assert Registry(place).promotions()[-1].forced


def test_force_where_nothing_is_against_it_is_not_recorded_as_such(place: Path) -> None:
    assert run(place, "promote", NEW.digest[:6], "--force") == 0
    assert not Registry(place).promotions()[-1].forced


def test_a_model_that_workers_with_these_settings_would_refuse_is_not_promoted(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "settings.yaml"
    tiers = {"above": [{"name": "red", "share": 0.1}, {"name": "amber", "share": 0.3}], "lowest": "cold"}
    config.write_text(yaml.safe_dump({"models": str(place), "tiers": tiers}), encoding="utf-8")
    assert main(["models", "promote", NEW.digest[:6], "--config", str(config)]) == 1
    assert "the model has the tiers" in capsys.readouterr().err
    assert Registry(place).current() == OLD.digest


@pytest.mark.parametrize(
    ("name", "told"), [("ab", "too short"), ("0000000000", "no model in"), ("../../etc", "no model in")]
)
def test_a_model_that_is_not_there_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    assert run(place, "show", name) == 1
    assert told in capsys.readouterr().err


def test_a_registry_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").write_text("in the way")
    assert run(tmp_path / "models", "list") == 1
    assert str(tmp_path / "models") in capsys.readouterr().err
