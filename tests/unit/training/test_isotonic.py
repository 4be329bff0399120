"""The isotonic line rises, stays finite, changes no lead's place, and can be explained."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.slices import drawn
from training.arrays import Doubles
from training.isotonic import LEAST, STEEPEST, Isotonic, fit_isotonic
from training.likelihood import probability

RAW = st.lists(st.tuples(st.integers(-40, 40), st.booleans()), min_size=1, max_size=200)


def fitted(pairs: list[tuple[int, bool]], slope: float = 1.0) -> Isotonic:
    raw, label = (np.array(each) for each in zip(*pairs, strict=True))
    return fit_isotonic(raw.astype(np.float64) / 7, label.astype(np.int64), slope)


def curved(seed: int) -> tuple[Doubles, np.ndarray, Doubles]:
    """Raw values, labels and the truth that a line cannot follow."""
    snapshots, truth = drawn(40_000, seed)
    return np.sign(truth + 1) * np.abs(truth + 1) ** 3, snapshots.label, truth


@given(RAW, st.floats(0, 30))
def test_it_rises_is_finite_and_never_steeper_than_32_bits_can_follow(
    pairs: list[tuple[int, bool]], slope: float
) -> None:
    line = fitted(pairs, slope)
    raw = np.linspace(-20, 20, 2_001)
    rise = np.diff(line(raw)) / np.diff(raw)
    assert np.isfinite(line(raw)).all()
    assert rise.min() >= -1e-9
    assert rise.max() <= STEEPEST + 1e-6


@given(RAW)
def test_blocks_keep_the_share_of_conversions(pairs: list[tuple[int, bool]]) -> None:
    """Pooling moves no probability mass: with half a snapshot of either class a block, shares sum to what happened."""
    line = fitted(pairs)
    assert len(line.raw) == len(line.log_odds)
    assert (np.diff(line.raw) > 0).all()
    assert (np.diff(line.log_odds) > 0).all()
    ones = sum(label for _, label in pairs)
    if len(line.raw) > 1:
        assert min(ones, len(pairs) - ones) >= LEAST * len(line.raw)


def test_it_follows_a_truth_that_a_sigmoid_cannot() -> None:
    raw, label, _ = curved(1)
    line = fit_isotonic(raw, label, 0.3)
    later, _, truth = curved(2)
    assert np.abs(probability(line(later)) - probability(truth)).mean() < 0.02


def test_leads_that_the_model_tells_apart_stay_apart() -> None:
    raw, label, _ = curved(3)
    line = fit_isotonic(raw, label, 0.3)
    distinct = np.unique(raw)
    assert (np.diff(line(distinct)) > 0).all()


@pytest.mark.parametrize("start", [-4.0, -0.5, 0.0, 2.0])
def test_contributions_sum_to_the_calibrated_log_odds_and_keep_their_proportions(start: float) -> None:
    raw, label, _ = curved(4)
    line = fit_isotonic(raw, label, 0.3)
    parts = np.random.default_rng(0).normal(size=(500, 4))
    spread = line.spread(parts, start)
    wanted = line(start + parts.sum(axis=1)) - line(np.array([start]))
    assert np.abs(spread.sum(axis=1) - wanted).max() < 1e-9
    assert (spread * parts >= 0).all()
    assert spread[:, 0] / parts[:, 0] == pytest.approx(spread[:, 1] / parts[:, 1])


def test_contributions_that_cancel_out_are_spread_by_the_slope_at_the_start() -> None:
    line = Isotonic(np.array([-1.0, 1.0]), np.array([-3.0, 1.0]), 0.5)
    assert line.spread(np.array([[0.4, -0.4]]), 0.0) == pytest.approx(np.array([[0.8, -0.8]]))


def test_an_order_that_later_leads_contradict_becomes_one_probability() -> None:
    snapshots, truth = drawn(5_000, seed=5)
    line = fit_isotonic(-truth, snapshots.label, -1.0)
    assert probability(line(-truth)).max() == pytest.approx(snapshots.label.mean(), abs=0.05)
