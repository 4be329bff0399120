"""The scorecard's model answers as a pocket calculator would, and is the same file wherever it is made."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.manifest import ModelManifest
from stream.models.rules import rules_model
from tests.unit.models.files import RULES, SHIPPED, usable
from tests.unit.schemas.files import shipped

NAMES = [feature.name for feature in SHIPPED.features]
CARD = SHIPPED.scorecard
MODEL = usable(RULES)

VALUES = st.lists(st.floats(-5, 3000, width=32), min_size=len(NAMES), max_size=len(NAMES))


def points(values: list[float]) -> list[float]:
    """What each feature is worth, from the words of the settings: points a unit, up to the most."""
    worth = dict.fromkeys(NAMES, 0.0)
    for rule in CARD.rules:
        worth[rule.feature] = rule.points * min(values[NAMES.index(rule.feature)], rule.most)
    return list(worth.values())


def log_odds(values: list[float]) -> float:
    """`double_odds` points double the odds of a lead without points."""
    odds = CARD.base_probability / (1 - CARD.base_probability) * 2 ** (sum(points(values)) / CARD.double_odds)
    return math.log(odds)


@given(VALUES)
def test_the_score_is_the_sum_of_the_points(values: list[float]) -> None:
    (found,), (probability,) = MODEL.score(np.array([values], np.float32))
    assert found == pytest.approx(log_odds(values), abs=1e-4)
    # The runtime's own logistic function is good to some 1e-7, not to so many digits of a small probability.
    assert probability == pytest.approx(1 / (1 + math.exp(-found)), rel=1e-5, abs=5e-7)


@given(VALUES)
def test_each_rule_contributes_its_own_points(values: list[float]) -> None:
    rows = np.array([values], np.float32)
    contributions, baseline = MODEL.explain(rows)
    wanted = [each * math.log(2) / CARD.double_odds for each in points(values)]
    assert contributions[0].tolist() == pytest.approx(wanted, abs=1e-5)
    assert baseline == pytest.approx(math.log(0.01 / 0.99), abs=1e-5)
    assert float(contributions[0].sum(dtype=np.float64)) + baseline == pytest.approx(MODEL.score(rows)[0][0], abs=1e-5)


def test_a_lead_without_points_has_the_base_probability() -> None:
    (_,), (probability,) = MODEL.score(np.zeros((1, len(NAMES)), np.float32))
    assert probability == pytest.approx(CARD.base_probability, abs=1e-7)


def test_the_tiers_begin_at_their_points() -> None:
    base = math.log(CARD.base_probability / (1 - CARD.base_probability))
    wanted = [base + each * math.log(2) / CARD.double_odds for each in CARD.tiers]
    assert MODEL.edges.tolist() == pytest.approx(wanted, abs=1e-6)
    assert MODEL.tiers == ["hot", "warm", "cold"]


def test_equal_settings_give_equal_bytes() -> None:
    assert rules_model(shipped()) == RULES
    assert rules_model(shipped(lambda content: content["scorecard"].update(double_odds=11))).digest != RULES.digest


def test_another_process_makes_the_same_bytes() -> None:
    program = (
        "from schemas.load import load_settings; from stream.models.rules import rules_model;"
        "print(rules_model(load_settings(None, {})).digest)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == RULES.digest


def test_the_manifest_says_what_it_is() -> None:
    manifest = ModelManifest.model_validate_json(RULES.manifest)
    assert (manifest.kind, manifest.target, list(manifest.features)) == ("rules", "conversion", NAMES)
    assert manifest.percentiles == ()


def test_words_do_not_change_the_model() -> None:
    def relabel(content: dict[str, list[dict[str, str]]]) -> None:
        content["observed"]["signals"][0]["label"] = "look"  # type: ignore[call-overload]

    assert rules_model(shipped(relabel)).digest == RULES.digest
    assert json.loads(RULES.manifest)["features_digest"] == MODEL.manifest.features_digest
