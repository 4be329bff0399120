"""What becomes of a trained model: in force where it beats the rules and the model in force, else stored and told."""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from leadpulse.commands import promotion
from schemas.digest import features_digest
from schemas.manifest import ModelManifest
from schemas.settings import Settings
from stream.core.model import Model, ModelFiles
from stream.models.registry import Registry
from stream.models.rules import rules_model
from tests.unit.models.files import SHIPPED, another, with_manifest
from tests.unit.schemas.files import shipped
from training.job import Trained
from training.refusal import BelowFloor
from training.snapshots import Snapshots

LEADS: Final = 1_500


def model(base: float, points: float = 1.0, **changed: Any) -> ModelFiles:
    """A scorecard's model with another base probability, and so much of each rule's points; as if it were trained."""

    def card(content: dict[str, Any]) -> None:
        rules = [rule | {"points": rule["points"] * points} for rule in content["scorecard"]["rules"]]
        content["scorecard"].update(base_probability=base, rules=rules)

    return with_manifest(rules_model(shipped(card)), lambda manifest: manifest.update({"kind": "logistic"} | changed))


TRUTH: Final = model(0.15)
"""By whose probabilities leads convert. The rules say 1% where it says 15%."""
NEAR: Final = model(0.14)
FLAT: Final = model(0.15, points=0.05)


def slice_() -> Snapshots:
    """Leads that convert as TRUTH says."""
    random = np.random.default_rng(4)
    features = random.poisson(0.25, (LEADS, len(SHIPPED.features))).astype(np.float32)
    chance = Model(TRUTH, features_digest(SHIPPED), SHIPPED.tiers).score(features)[1]
    label = (random.random(LEADS) < chance).astype(np.int64)
    lead = np.arange(LEADS)
    return Snapshots(lead, np.ones(LEADS, np.int64), lead, lead, label, features)


ROWS: Final = slice_()


def trained(files: ModelFiles) -> Trained:
    return Trained(files, ModelManifest.model_validate_json(files.manifest), b"# Report\n", ROWS)


def put(place: Path, files: ModelFiles, *options: str, settings: Settings = SHIPPED) -> promotion.Verdict:
    return promotion.put_forward(Registry(place), settings, trained(files), parsed(*options))


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    promotion.add_options(parser)
    parser.set_defaults(seed=0, min_leads=None, min_conversions=None)
    return parser.parse_args(options)


def test_a_first_model_that_beats_the_rules_is_put_in_force(tmp_path: Path) -> None:
    verdict = put(tmp_path, TRUTH)
    assert verdict.promoted
    assert [each.rival for each in verdict.contests] == ["rules"]
    assert Registry(tmp_path).current() == TRUTH.digest
    (entry,) = Registry(tmp_path).promotions()
    assert entry.reason.startswith("better than the rules: ")
    assert not entry.forced


def test_a_model_that_beats_the_one_in_force_takes_its_place(tmp_path: Path) -> None:
    put(tmp_path, FLAT, "--force")
    verdict = put(tmp_path, TRUTH)
    assert verdict.promoted
    assert {each.rival: each.won for each in verdict.contests} == {"rules": True, "current": True}
    assert Registry(tmp_path).promotions()[-1].previous == FLAT.digest


def test_a_model_that_is_hardly_better_is_stored_and_not_put_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, NEAR)
    verdict = put(tmp_path, TRUTH)
    assert not verdict.promoted
    assert Registry(tmp_path).current() == NEAR.digest
    assert TRUTH.digest in Registry(tmp_path).models()
    assert promotion.tell(verdict, parsed()) == promotion.NOT_BETTER == 4
    assert "but not promoted: not better than the model in force: " in capsys.readouterr().err


def test_force_puts_it_in_force_and_the_log_says_against_what(tmp_path: Path) -> None:
    put(tmp_path, NEAR)
    assert put(tmp_path, TRUTH, "--force").promoted
    entry = Registry(tmp_path).promotions()[-1]
    assert entry.forced
    assert entry.reason.startswith("not better than the model in force: ")


def test_a_blocked_model_is_kept_out_however_good_it_is(tmp_path: Path) -> None:
    check = {
        "code": "parity",
        "title": "The files compute what was fitted",
        "verdict": "blocked",
        "sentence": "3 flips",
    }
    verdict = put(tmp_path, model(0.15, checks=[check]))
    assert not verdict.promoted
    assert verdict.blocked == ["The files compute what was fitted: 3 flips"]
    assert promotion.tell(verdict, parsed()) == 1
    assert Registry(tmp_path).current() is None


def test_without_promotion_nothing_is_contested(tmp_path: Path) -> None:
    verdict = put(tmp_path, TRUTH, "--no-promote")
    assert (verdict.promoted, verdict.contests) == (False, [])
    assert promotion.tell(verdict, parsed()) == 0
    assert Registry(tmp_path).models() == [TRUTH.digest]


def test_the_same_model_again_stays_in_force_without_a_contest(tmp_path: Path) -> None:
    put(tmp_path, TRUTH)
    assert put(tmp_path, TRUTH).promoted
    assert len(Registry(tmp_path).promotions()) == 1


def test_a_model_for_other_features_is_no_rival(tmp_path: Path) -> None:
    put(tmp_path, model(0.15, features_digest="0" * 64), "--no-promote")
    foreign = Registry(tmp_path).models()[0]
    Registry(tmp_path).promote(foreign)
    verdict = put(tmp_path, TRUTH)
    assert verdict.promoted
    assert [each.rival for each in verdict.contests] == ["rules"]
    (note,) = verdict.notes
    assert "the model was made for other features" in note


def test_a_damaged_model_in_force_is_not_stepped_over(tmp_path: Path) -> None:
    put(tmp_path, FLAT, "--force")
    (tmp_path / FLAT.digest / "score.onnx").write_bytes(b"")
    verdict = put(tmp_path, TRUTH)
    assert not verdict.promoted
    assert "the model in force cannot be contested" in verdict.lost[0]


def test_a_model_promoted_by_another_job_meanwhile_is_a_rival_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other job wins between the contest with an empty registry and the promotion."""
    put(tmp_path, TRUTH, "--no-promote")
    contested = promotion._contest
    rounds: list[int] = []

    def interrupted(registry: Registry, *rest: Any) -> None:
        contested(registry, *rest)
        if not rounds:
            Registry(tmp_path).promote(TRUTH.digest)
        rounds.append(1)

    monkeypatch.setattr(promotion, "_contest", interrupted)
    verdict = put(tmp_path, NEAR)
    assert len(rounds) == 2
    assert not verdict.promoted
    assert [each.rival for each in verdict.contests] == ["rules", "current"]
    assert Registry(tmp_path).current() == TRUTH.digest


def test_the_margin_is_what_must_be_saved(tmp_path: Path) -> None:
    gain = put(tmp_path, TRUTH).contests[0].log_loss.value
    assert not put(tmp_path / "more", TRUTH, "--margin", f"{gain + 0.01:.3f}").promoted
    assert put(tmp_path / "less", TRUTH, "--margin", f"{gain - 0.01:.3f}").promoted


def test_below_the_floor_the_rules_are_stored_and_nothing_in_force_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry, rules = Registry(tmp_path), another(10)
    assert promotion.fall_back(registry, SHIPPED, BelowFloor("too little to learn from")) == promotion.BELOW_FLOOR == 3
    assert "workers score by it already" in capsys.readouterr().err
    assert registry.models() == [rules.digest]
    assert registry.current() is None
    registry.promote(registry.add(TRUTH))
    promotion.fall_back(registry, SHIPPED, BelowFloor("too little to learn from"))
    assert f"the model {TRUTH.digest[:12]} stays in force" in capsys.readouterr().err
    assert registry.current() == TRUTH.digest


@pytest.mark.parametrize(
    ("options", "floor"),
    [
        ((), (200, 25)),
        (("--floor", "einstein"), (1000, 120)),
        (("--floor", "dynamics"), (80, 40)),
        (("--floor", "hubspot"), (50, 25)),
    ],
)
def test_a_floor_has_the_numbers_of_its_source(options: tuple[str, ...], floor: tuple[int, int]) -> None:
    assert promotion.floor_of(parsed(*options)) == floor


def test_numbers_given_by_hand_go_before_the_presets() -> None:
    given = parsed("--floor", "einstein")
    given.min_conversions = 60
    assert promotion.floor_of(given) == (1000, 60)
