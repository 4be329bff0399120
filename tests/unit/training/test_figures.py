"""Figures equal the textbook's, ties included, and their intervals respect that a lead's snapshots belong together."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as reference_log_loss

from tests.unit.training.slices import drawn
from training.calibration import probability
from training.figures import auc, judge, judge_by_day
from training.snapshots import Snapshots


@pytest.mark.parametrize("decimals", [12, 0], ids=["distinct scores", "tied scores"])
def test_each_figure_is_that_of_scikit_learn(decimals: int) -> None:
    snapshots, truth = drawn(2_000, seed=1)
    scores = np.round(truth + np.random.default_rng(0).normal(size=len(truth)), decimals)
    found = judge(snapshots, scores, seed=0)
    chance = probability(scores)
    wanted = {
        "auc": roc_auc_score(snapshots.label, scores),
        "average_precision": average_precision_score(snapshots.label, scores),
        "brier": brier_score_loss(snapshots.label, chance),
        "log_loss": reference_log_loss(snapshots.label, chance),
        "base_rate": snapshots.label.mean(),
    }
    for name, value in wanted.items():
        assert found[name]["value"] == pytest.approx(value, abs=2e-6), name
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]


def test_the_top_tenth_is_counted_and_ties_at_its_edge_count_by_their_share() -> None:
    label = np.array([1] * 8 + [0] * 12 + [1] * 10 + [0] * 70)
    lead = np.arange(100)
    score = np.array([5.0] * 5 + [1.0] * 95)
    found = judge(Snapshots(lead, lead, lead, lead, label, np.zeros((100, 1), np.float32)), score, seed=0)
    # Five certain hits, and five places shared by the other 95, of whom 13 convert.
    assert found["precision_top_10"]["value"] == pytest.approx((5 + 5 * 13 / 95) / 10, abs=1e-6)
    assert found["lift_top_10"]["value"] == pytest.approx((5 + 5 * 13 / 95) / 10 / 0.18, abs=1e-6)


def test_a_model_that_says_the_truth_has_slope_one_intercept_zero_and_skill() -> None:
    snapshots, truth = drawn(8_000, seed=2)
    found = judge(snapshots, truth, seed=0)
    assert found["calibration_slope"]["value"] == pytest.approx(1, abs=0.1)
    assert found["calibration_intercept"]["value"] == pytest.approx(0, abs=0.1)
    assert found["brier_skill"]["low"] > 0
    for tenth in found["reliability"]:
        assert tenth["observed"] == pytest.approx(tenth["predicted"], abs=0.04)


def test_the_base_rate_for_everybody_has_no_skill() -> None:
    snapshots, _ = drawn(2_000, seed=3)
    rate = snapshots.label.mean()
    found = judge(snapshots, np.full(2_000, np.log(rate / (1 - rate))), seed=0)
    assert found["auc"]["value"] == 0.5
    assert found["brier_skill"]["value"] == pytest.approx(0, abs=1e-6)


def test_repeating_each_leads_snapshot_makes_no_figure_surer() -> None:
    once, truth = drawn(600, seed=4)
    often, truth_often = drawn(600, seed=4, per_lead=5)
    narrow, wide = judge(often, truth_often, seed=0)["auc"], judge(once, truth, seed=0)["auc"]
    assert narrow == pytest.approx(wide, abs=1e-5)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    reference, truth = drawn(200_000, seed=5)
    right = auc(truth, reference.label)
    covered = 0
    for seed in range(40):
        some, score = drawn(300, seed=100 + seed)
        found = judge(some, score, seed=0)["auc"]
        covered += found["low"] <= right <= found["high"]
    assert 33 <= covered <= 40


def test_a_day_of_one_class_has_counts_alone() -> None:
    snapshots, truth = drawn(300, seed=6, per_lead=2)
    snapshots.label[snapshots.day == 2] = 0
    days = judge_by_day(snapshots, truth, seed=0)["by_day"]
    assert "auc" in days["1"]
    assert days["2"] == {"snapshots": 300, "leads": 300, "conversions": 0}
