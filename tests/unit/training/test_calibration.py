"""Calibration finds the way from raw to true log-odds, also with little to go by."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.unit.training.slices import drawn
from training.calibration import Method, calibrate, choose_method, fit_sigmoid, held_out_losses
from training.candidates import Recipe, fit
from training.likelihood import log_loss, logistic_line, offset, probability
from training.snapshots import Snapshots
from training.variables import free

LOGISTIC = Recipe("logistic", {"C": 0.1})


def test_a_scale_and_a_shift_are_undone() -> None:
    snapshots, truth = drawn(60_000, seed=3)
    sigmoid = fit_sigmoid((truth - 0.7) / 0.4, snapshots.label)
    assert sigmoid.slope == pytest.approx(0.4, abs=0.015)
    assert sigmoid.intercept == pytest.approx(0.7, abs=0.05)


def test_the_line_is_that_of_logistic_regression_with_weights() -> None:
    snapshots, truth = drawn(3_000, seed=4)
    weight = np.random.default_rng(0).integers(0, 4, len(truth)).astype(np.float64)
    reference = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(truth[:, None], snapshots.label, weight)
    slope, intercept = logistic_line(truth, snapshots.label.astype(np.float64), weight)
    assert slope == pytest.approx(float(reference.coef_[0, 0]), abs=1e-5)
    assert intercept == pytest.approx(float(reference.intercept_[0]), abs=1e-5)


def test_classes_that_are_fully_apart_give_a_finite_slope() -> None:
    sigmoid = fit_sigmoid(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0, 0, 1, 1]))
    assert 0 < sigmoid.slope < 10


def test_an_order_that_later_leads_contradict_gives_a_negative_slope() -> None:
    snapshots, truth = drawn(3_000, seed=5)
    assert fit_sigmoid(-truth, snapshots.label).slope < 0


def test_the_offset_makes_the_mean_probability_what_happened() -> None:
    snapshots, truth = drawn(2_000, seed=6)
    weight = np.ones(len(truth))
    shift = offset(truth + 1.3, snapshots.label, weight)
    assert probability(truth + 1.3 + shift).mean() == pytest.approx(snapshots.label.mean(), abs=1e-8)


def test_log_loss_stays_finite_for_log_odds_of_any_size() -> None:
    assert log_loss(np.array([800.0, -800.0]), np.array([1, 0])) == 0
    assert log_loss(np.array([-800.0]), np.array([1])) == 800


def test_no_calibration_leaves_log_odds_as_they_are() -> None:
    snapshots, truth = drawn(200, seed=7)
    assert calibrate("none", truth, snapshots.label)(truth).tolist() == truth.tolist()


def held_out_loss(method: Method, raw: np.ndarray, later: Snapshots) -> float:
    return float(held_out_losses(method, raw, later).mean())


def chosen(raw: np.ndarray, later: Snapshots) -> Method:
    methods: tuple[Method, ...] = ("sigmoid", "none", "isotonic")
    return choose_method({method: held_out_losses(method, raw, later) for method in methods}, later)


def test_the_held_out_loss_prefers_the_candidate_that_knows_more() -> None:
    train, _ = drawn(3_000, seed=7)
    later, _ = drawn(1_500, seed=8)
    blind = replace(train, label=np.random.default_rng(0).permutation(train.label))
    knowing, guessing = (fit(LOGISTIC, part, free(6), 0).raw(later.features) for part in (train, blind))
    assert held_out_loss("sigmoid", knowing, later) < held_out_loss("sigmoid", guessing, later) - 0.01


def test_an_isotonic_line_is_taken_where_a_sigmoid_cannot_follow() -> None:
    later, truth = drawn(20_000, seed=9)
    assert chosen(np.sign(truth + 1) * np.abs(truth + 1) ** 3, later) == "isotonic"


def test_no_calibration_is_taken_where_a_sigmoid_with_little_to_go_by_does_harm() -> None:
    later, _ = drawn(20_000, seed=9)
    better = np.full(20_000, 0.1)
    worse = better + np.random.default_rng(0).normal(0.001, 0.01, 20_000)
    assert choose_method({"sigmoid": worse, "none": better}, later) == "none"
    assert choose_method({"sigmoid": better, "none": worse}, later) == "sigmoid"


def test_by_luck_alone_nothing_is_taken_instead_of_the_sigmoid() -> None:
    later, _ = drawn(5_000, seed=9)
    random = np.random.default_rng(0)
    sigmoid = random.normal(0.1, 0.05, 5_000)
    lucky = sigmoid - 0.3 * 0.05 / np.sqrt(5_000) + random.permutation(np.resize([0.05, -0.05], 5_000))
    assert lucky.mean() < sigmoid.mean()
    assert choose_method({"sigmoid": sigmoid, "isotonic": lucky}, later) == "sigmoid"


def test_repeating_each_leads_snapshot_makes_no_method_surer() -> None:
    once, often = drawn(600, seed=10)[0], drawn(600, seed=10, per_lead=9)[0]
    random = np.random.default_rng(3)
    sigmoid = random.normal(0.1, 0.05, 600)
    other = sigmoid - 0.9 * 0.05 / np.sqrt(600) + random.permutation(np.resize([0.05, -0.05], 600))
    assert choose_method({"sigmoid": sigmoid, "none": other}, once) == "sigmoid"
    assert choose_method({"sigmoid": np.repeat(sigmoid, 9), "none": np.repeat(other, 9)}, often) == "sigmoid"


def test_a_lead_is_held_out_with_all_of_its_snapshots() -> None:
    """Raw values that name the lead: whoever knew its other snapshots would know the answer."""
    later, _ = drawn(400, seed=10, per_lead=5)
    raw = np.random.default_rng(0).normal(size=400)[later.lead]
    rate = later.label.mean()
    assert held_out_loss("isotonic", raw, later) > -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)) - 0.01
