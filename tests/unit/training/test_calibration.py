"""Calibration finds the line between raw and true log-odds, also with little to go by."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.unit.training.slices import drawn
from training.calibration import fit_sigmoid, held_out_loss, log_loss, logistic_line, offset, probability
from training.candidates import Logistic, fit_candidates


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


def test_the_held_out_loss_prefers_the_candidate_that_knows_more() -> None:
    train, _ = drawn(3_000, seed=7)
    later, _ = drawn(1_500, seed=8)
    knowing = next(fit_candidates(train, 0))
    assert isinstance(knowing, Logistic)
    blind = np.random.default_rng(0).permutation(train.label)
    guessing = next(fit_candidates(type(train)(**{**train.__dict__, "label": blind}), 0))
    assert held_out_loss(knowing, later) < held_out_loss(guessing, later) - 0.01
