"""Leads as examples: points lead from the baseline's score to the lead's, and signals are named by their strongest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.settings import Settings
from stream.core.fold import Matrix
from stream.models.additive import Additive, additive_graphs
from tests.training.logs import settings
from training.examples import NAMED, PLACES, examples, points_of
from training.parity import Files
from training.snapshots import Snapshots


def score(log_odds: float) -> float:
    return float(100 / (1 + np.exp(-log_odds)))


def snapshots(features: Matrix) -> Snapshots:
    place = np.arange(len(features))
    return Snapshots(place, place, place, place, place % 2, features)


def model(known: Settings, **weight: float) -> Files:
    """Log-odds -2 and the weighted features; no feature counts above 50."""
    names = [feature.name for feature in known.features]
    weights = np.array([weight.get(name, 0.0) for name in names], np.float32)
    cap, centre = np.full(len(names), 50, np.float32), np.zeros(len(names), np.float32)
    return Files(*additive_graphs(Additive(weights, centre, cap, -2.0, logarithmic=False)))


def rows(known: Settings, count: int, **values: float) -> Matrix:
    """The first row has these values, the next ones less and less of them."""
    names = [feature.name for feature in known.features]
    first = np.array([values.get(name, 0.0) for name in names])
    return (first * np.linspace(1, 0, count)[:, None]).astype(np.float32)


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=8),
    st.floats(-6, 6),
)
def test_points_sum_to_what_the_score_is_above_the_start(contributions: list[float], start: float) -> None:
    values = np.array(contributions)
    points = points_of(values, start)
    assert points.sum() == pytest.approx(score(start + values.sum()) - score(start), abs=1e-6)
    assert (np.sign(points) * np.sign(values) >= 0).all()


def test_points_of_what_cancels_out_are_those_of_the_slope() -> None:
    points = points_of(np.array([1e-4, -1e-4]), 0.0)
    assert points == pytest.approx([1e-4 * 25, -1e-4 * 25], rel=1e-3)


def test_features_of_one_signal_are_summed_and_named_by_the_strongest() -> None:
    known = settings()
    files = model(known, visits_24h=0.1, visits_7d=0.3, pricing_30d=0.5)
    features = rows(known, 11, visits_24h=2, visits_7d=4, pricing_30d=2)
    first, _, _ = examples(known, snapshots(features), files.log_odds(features), files)
    visits, pricing = first["signals"]
    assert (visits["signal"], visits["text"]) == ("visit", "4 visits in 7d")
    assert visits["log_odds"] == pytest.approx(0.1 * 2 + 0.3 * 4)
    assert (pricing["signal"], pricing["text"]) == ("pricing_view", "2 pricing_views in 30d")
    assert pricing["log_odds"] == pytest.approx(1.0)
    assert first["start"] == pytest.approx(score(-2), abs=0.01)
    assert first["score"] == pytest.approx(score(-2 + 1.4 + 1.0), abs=0.01)
    assert visits["points"] + pricing["points"] == pytest.approx(first["score"] - first["start"], abs=0.02)
    assert first["others"] == pytest.approx(0, abs=0.02)


def test_examples_go_from_the_highest_score_to_the_middle() -> None:
    known = settings()
    features = rows(known, 101, visits_7d=10)
    files = model(known, visits_7d=0.4)
    found = examples(known, snapshots(features), files.log_odds(features), files)
    assert [each["place"] for each in found] == list(PLACES)
    expected = [score(-2 + 0.4 * 10 * (1 - share)) for share in PLACES.values()]
    assert [each["score"] for each in found] == pytest.approx(expected, abs=0.01)


def test_what_is_not_named_is_told_as_the_rest() -> None:
    known = settings()
    names = [feature.name for feature in known.features]
    files = model(known, **dict.fromkeys(names, 0.05))
    features = rows(known, 11, **dict.fromkeys(names, 2.0))
    first = examples(known, snapshots(features), files.log_odds(features), files)[0]
    assert len(first["signals"]) == NAMED
    assert first["others"] > 0
    points = sum(each["points"] for each in first["signals"]) + first["others"]
    assert first["start"] + points == pytest.approx(first["score"], abs=0.05)
