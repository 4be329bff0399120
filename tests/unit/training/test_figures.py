"""Figures equal the textbook's, ties included, and their intervals respect that a lead's snapshots belong together."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.metrics import log_loss as reference_log_loss

from schemas.manifest import Band, ModelTiers
from tests.unit.training.slices import drawn
from training.figures import judge, judge_by_day
from training.likelihood import probability
from training.ranking import AucWithin, auc
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


def test_the_figures_of_a_tier_are_those_of_scikit_learn() -> None:
    snapshots, truth = drawn(2_000, seed=7)
    tiers = ModelTiers(above=(Band(name="hot", log_odds=0.0), Band(name="warm", log_odds=-1.0)), lowest="cold")
    found = judge(snapshots, truth, seed=0, tiers=tiers)["tiers"]
    for name, edge in (("hot", 0.0), ("warm", -1.0)):
        chosen = truth.astype(np.float32) >= np.float32(edge)
        wanted = {
            "share": chosen.mean(),
            "precision": precision_score(snapshots.label, chosen),
            "recall": recall_score(snapshots.label, chosen),
            "f1": f1_score(snapshots.label, chosen),
            "lift": precision_score(snapshots.label, chosen) / snapshots.label.mean(),
        }
        for figure, value in wanted.items():
            assert found[name][figure]["value"] == pytest.approx(value, abs=2e-6), figure
            assert found[name][figure]["low"] <= found[name][figure]["value"] <= found[name][figure]["high"]


def test_an_empty_tier_has_figures_of_zero() -> None:
    snapshots, truth = drawn(500, seed=8)
    tiers = ModelTiers(above=(Band(name="hot", log_odds=99.0),), lowest="cold")
    found = judge(snapshots, truth, seed=0, tiers=tiers)["tiers"]["hot"]
    assert {name: each["value"] for name, each in found.items()} == dict.fromkeys(
        ("share", "precision", "recall", "f1", "lift"), 0
    )


def test_recall_and_f1_of_the_top_agree_with_counting() -> None:
    snapshots, truth = drawn(1_000, seed=9)
    scores = truth + np.random.default_rng(0).normal(0, 1e-6, 1_000)
    top = scores >= np.sort(scores)[-200]
    found = judge(snapshots, scores, seed=0)
    assert found["recall_top_20"]["value"] == pytest.approx(recall_score(snapshots.label, top), abs=1e-6)
    assert found["f1_top_20"]["value"] == pytest.approx(f1_score(snapshots.label, top), abs=1e-6)


def test_the_gain_curve_rises_from_nobody_to_all_conversions() -> None:
    snapshots, truth = drawn(1_000, seed=10)
    found = judge_by_day(snapshots, truth, seed=0)
    assert (found["gain"][0], found["gain"][100], len(found["gain"])) == (0, 1, 101)
    assert found["gain"] == sorted(found["gain"])
    assert found["gain"][20] == pytest.approx(found["recall_top_20"]["value"], abs=1e-6)


def test_within_moments_only_pairs_of_the_same_moment_count_ties_by_halves() -> None:
    random = np.random.default_rng(4)
    day, label = random.integers(1, 5, 400), (random.random(400) < 0.3).astype(np.int64)
    score = np.round(random.normal(size=400) + label, 0) + 10.0 * day
    above = [
        (score[one] > score[other]) + (score[one] == score[other]) / 2
        for one in np.flatnonzero(label)
        for other in np.flatnonzero(1 - label)
        if day[one] == day[other]
    ]
    assert AucWithin(score, label, day).of(np.ones(400)) == pytest.approx(np.mean(above), abs=1e-12)


def test_a_score_that_only_knows_how_old_leads_are_is_chance_within_moments() -> None:
    snapshots, _ = drawn(500, seed=3, per_lead=3)
    # Of older leads fewer convert.
    converts = np.random.default_rng(1).random(len(snapshots)) < 0.6 / snapshots.day**2
    aged = replace(snapshots, label=converts.astype(np.int64))
    found = judge_by_day(aged, -snapshots.day.astype(np.float64), seed=0)
    assert found["auc"]["low"] > 0.6
    assert found["auc_within_moments"] == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_without_both_classes_at_any_moment_there_is_no_figure_within_moments() -> None:
    day = np.array([1, 1, 2, 2])
    lead = np.arange(4)
    snapshots = Snapshots(lead, day, lead, lead, np.array([1, 1, 0, 0]), np.zeros((4, 1), np.float32))
    found = judge_by_day(snapshots, day * 1.0, seed=0)
    assert "auc_within_moments" not in found
