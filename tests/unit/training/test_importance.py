"""Importance by feature and by signal, and what moved since the model before."""

import numpy as np
import pytest

from schemas.manifest import ModelManifest
from stream.models.rules import rules_model
from tests.training.logs import settings
from training.importance import judge_importance


def contributions(**size: float) -> np.ndarray:
    names = [feature.name for feature in settings().features]
    found = np.zeros((10, len(names)), np.float32)
    for name, value in size.items():
        found[::2, names.index(name)], found[1::2, names.index(name)] = value, -value
    return found


def manifest(importance: dict[str, float] | None) -> ModelManifest:
    known = ModelManifest.model_validate_json(rules_model(settings()).manifest)
    metrics = {} if importance is None else {"importance": {"features": importance}}
    return known.model_copy(update={"metrics": metrics})


def test_shares_sum_to_one_and_the_greatest_come_first() -> None:
    found = judge_importance(settings(), contributions(visits_7d=3, tenure=1), None)
    assert list(found["features"].items())[:2] == [("visits_7d", 0.75), ("tenure", 0.25)]
    assert sum(found["features"].values()) == pytest.approx(1)
    assert "shift" not in found


def test_features_of_one_signal_count_together() -> None:
    size = contributions(visits_24h=1, visits_7d=2, visits_30d=1, pricing_24h=2, employees=1, visit_then_lesson=1)
    found = judge_importance(settings(), size, None)["signals"]
    assert found["visit"] == pytest.approx(0.5)
    assert found["pricing_view"] == pytest.approx(0.25)
    assert found["profile field employees"] == pytest.approx(0.125)
    assert found["visit and lesson"] == pytest.approx(0.125)


def test_a_model_without_contributions_has_no_importance_and_no_error() -> None:
    found = judge_importance(settings(), contributions(), None)
    assert set(found["features"].values()) == {0.0}


def test_the_shift_names_what_moved_most() -> None:
    before = {"visits_7d": 0.5, "gone_since": 0.5}
    found = judge_importance(settings(), contributions(visits_7d=1, tenure=1), manifest(before))["shift"]
    assert found["moved"] == pytest.approx(0.5)
    assert dict(list(found["features"].items())[:2]) == {"gone_since": -0.5, "tenure": 0.5}


def test_the_same_importance_has_not_moved() -> None:
    now = judge_importance(settings(), contributions(visits_7d=1, tenure=2), None)["features"]
    found = judge_importance(settings(), contributions(visits_7d=1, tenure=2), manifest(now))["shift"]
    assert found["moved"] == pytest.approx(0, abs=1e-5)


def test_a_model_before_that_recorded_none_has_no_shift() -> None:
    assert judge_importance(settings(), contributions(tenure=1), manifest(None))["shift"] is None
