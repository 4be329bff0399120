"""Groups of leads are compared by what was selected, said and found, with small ones marked."""

from typing import Any

import numpy as np
import pytest

from stream.core.plan import PROFILE_CATEGORY, build_plan
from tests.training.logs import settings
from tests.unit.training.slices import drawn
from training.likelihood import probability
from training.segments import Field, judge_segments, with_segments

PLANS = Field("plan", ("free", "paid", "trial"), 0)
EDGE = -1.0


def judged(columns: np.ndarray, leads: int = 3_000) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    snapshots, truth = drawn(leads, seed=1)
    scores = truth.astype(np.float32)
    (found,) = judge_segments(snapshots, scores, columns.astype(np.float32), [PLANS], EDGE, seed=0)
    return found, scores, snapshots.label


def columns_of(value: np.ndarray) -> np.ndarray:
    return np.asarray(value[:, None] == np.arange(3), np.float32)


def test_each_category_value_becomes_a_column_behind_the_features() -> None:
    known = settings()
    content = known.observed.model_dump()
    content["profile"] = [
        *content["profile"],
        {"kind": "category", "number": 1, "name": "country", "values": ["DE", "FR"]},
        {"kind": "category", "number": 2, "name": "plan", "values": ["free"]},
    ]
    wider, fields = with_segments(settings(observed=content))
    assert [(field.name, field.values, field.place) for field in fields] == [
        ("country", ("DE", "FR"), 0),
        ("plan", ("free",), 2),
    ]
    plan = build_plan(wider)
    assert len(plan.kind) == len(known.features) + 3
    assert plan.kind[-3:].tolist() == [PROFILE_CATEGORY] * 3
    assert (plan.first[-3:].tolist(), plan.second[-3:].tolist()) == ([1, 1, 2], [1, 2, 1])


def test_rates_are_those_of_counting() -> None:
    value = np.random.default_rng(0).integers(0, 4, 3_000)
    found, scores, label = judged(columns_of(value))
    names = [segment["value"] for segment in found["segments"]]
    assert names == ["free", "paid", "trial", "others"]
    for number, segment in enumerate(found["segments"]):
        mine = value == number
        selected = scores[mine] >= EDGE
        assert segment["leads"] == segment["snapshots"] == int(mine.sum())
        assert segment["selected"]["value"] == pytest.approx(selected.mean(), abs=1e-6)
        assert segment["observed"] == pytest.approx(label[mine].mean(), abs=1e-6)
        gap = probability(scores[mine].astype(np.float64)).mean() - label[mine].mean()
        assert segment["calibration_gap"]["value"] == pytest.approx(gap, abs=2e-6)
        hits = selected[label[mine] == 1].mean()
        assert segment["true_positive_rate"]["value"] == pytest.approx(hits, abs=1e-6)
        assert segment["selected"]["low"] <= segment["selected"]["value"] <= segment["selected"]["high"]


def test_groups_drawn_by_lot_keep_the_four_fifths_rule_and_others_do_not() -> None:
    lot, scores, _ = judged(columns_of(np.random.default_rng(0).integers(0, 2, 3_000)))
    assert lot["selection_ratio"]["value"] > 0.8
    favoured = (scores > EDGE) & (np.random.default_rng(0).random(3_000) < 0.8)
    biased, _, _ = judged(columns_of(favoured.astype(np.int64)))
    assert biased["selection_ratio"]["high"] < 0.8


def test_a_small_group_is_marked_and_no_verdict_rests_on_it() -> None:
    value = np.zeros(3_000, np.int64)
    value[:60] = 1
    found, _, _ = judged(columns_of(value))
    assert [segment["small"] for segment in found["segments"]] == [False, True]
    assert "selection_ratio" not in found


def test_a_group_without_a_conversion_has_no_true_positive_rate() -> None:
    _, _, label = judged(columns_of(np.zeros(3_000, np.int64)))
    found, _, _ = judged(columns_of(1 - label))
    silent = found["segments"][1]
    assert (silent["value"], silent["small"], silent["true_positive_rate"]) == ("paid", True, None)
