"""Bins of predictions, what follows from them, and how sure it is."""

import numpy as np
import pytest

from tests.unit.training.slices import drawn
from training.figures import judge
from training.likelihood import probability
from training.reliability import Bins, binned, reliability_figures


def test_bins_hold_equal_numbers_the_highest_scores_first() -> None:
    scores = np.random.default_rng(0).normal(size=1_003)
    bins = Bins.of(scores)
    assert sorted(np.bincount(bins.place).tolist()) == [100] * 7 + [101] * 3
    for place in range(9):
        assert scores[bins.place == place].min() > scores[bins.place == place + 1].max()


def test_few_snapshots_have_a_bin_each() -> None:
    assert Bins.of(np.array([3.0, 1.0, 2.0])).place.tolist() == [0, 2, 1]


def test_the_parts_of_the_brier_score_are_those_of_the_definition_and_sum_to_it() -> None:
    snapshots, truth = drawn(2_000, seed=1)
    chance, label = probability(truth * 1.5), snapshots.label
    brier = float(np.mean((chance - label) ** 2))
    bins = Bins.of(truth)
    found = reliability_figures(binned(bins, chance, label, np.ones(2_000)), brier)
    base, error, reliability, resolution, within = label.mean(), 0.0, 0.0, 0.0, 0.0
    for place in range(10):
        p, o = chance[bins.place == place], label[bins.place == place]
        error += len(p) / 2_000 * abs(p.mean() - o.mean())
        reliability += len(p) / 2_000 * (p.mean() - o.mean()) ** 2
        resolution += len(p) / 2_000 * (o.mean() - base) ** 2
        within += (((p - p.mean()) ** 2).sum() - 2 * ((o - o.mean()) * (p - p.mean())).sum()) / 2_000
    wanted = (error, reliability, resolution, base * (1 - base), within)
    assert list(found.values()) == pytest.approx(wanted, abs=1e-12)
    assert reliability - resolution + base * (1 - base) + found["brier_within"] == pytest.approx(brier)


def test_a_snapshot_counted_twice_is_as_two() -> None:
    snapshots, truth = drawn(400, seed=2)
    bins = Bins.of(truth)
    weight = np.random.default_rng(0).integers(0, 3, 400)
    counted = binned(bins, probability(truth), snapshots.label, weight.astype(np.float64))
    repeated = np.repeat(np.arange(400), weight)
    again = binned(
        Bins(bins.place[repeated], bins.count),
        probability(truth)[repeated],
        snapshots.label[repeated],
        np.ones(len(repeated)),
    )
    for one, other in zip(
        (counted.weight, counted.predicted, counted.observed),
        (again.weight, again.predicted, again.observed),
        strict=True,
    ):
        assert one == pytest.approx(other)


def test_the_band_of_the_curve_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = total = 0
    for seed in range(12):
        snapshots, truth = drawn(1_000, seed=50 + seed)
        place = Bins.of(truth).place
        for number, tenth in enumerate(judge(snapshots, truth, seed=0)["reliability"]):
            covered += tenth["low"] <= probability(truth)[place == number].mean() <= tenth["high"]
            total += 1
    assert 0.88 < covered / total <= 1


def test_a_model_that_says_the_truth_has_a_small_error_and_one_that_exaggerates_a_large_one() -> None:
    snapshots, truth = drawn(20_000, seed=3)
    assert judge(snapshots, truth, seed=0)["expected_calibration_error"]["value"] < 0.015
    assert judge(snapshots, 3 * truth, seed=0)["expected_calibration_error"]["value"] > 0.1


def test_the_error_of_right_probabilities_lies_where_chance_alone_is_said_to_put_it() -> None:
    judged = [judge(*drawn(400, seed=100 + seed, per_lead=3), seed=0) for seed in range(16)]
    seen = [each["expected_calibration_error"]["value"] for each in judged]
    told = [each["calibration_error_by_chance"] for each in judged]
    assert np.mean(seen) == pytest.approx(np.mean([each["value"] for each in told]), rel=0.2)
    assert sum(each["low"] <= error <= each["high"] for error, each in zip(seen, told, strict=True)) >= 13


def test_snapshots_of_one_lead_are_no_further_evidence() -> None:
    once, thrice = (
        judge(*drawn(400, seed=1, per_lead=each), seed=0)["calibration_error_by_chance"]["value"] for each in (1, 3)
    )
    assert thrice == pytest.approx(once, rel=0.1)


def test_a_model_that_exaggerates_misses_by_more_than_chance() -> None:
    snapshots, truth = drawn(2_000, seed=3)
    judged = judge(snapshots, 3 * truth, seed=0)
    assert judged["expected_calibration_error"]["value"] > judged["calibration_error_by_chance"]["high"]
