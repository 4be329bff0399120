"""The exported files compute what was fitted, for both kinds, and say what each feature added."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from stream.core.fold import Matrix
from tests.unit.training.slices import drawn
from training.calibration import Sigmoid, probability
from training.candidates import Boosted, Candidate, Logistic, fit_candidates
from training.export import export
from training.parity import Files, compare, made_rows

SIGMOID: Final = Sigmoid(0.8, -0.3)
NO_EDGES: Final = np.array([], np.float32)


@pytest.fixture(scope="module")
def candidates() -> list[Candidate]:
    return list(fit_candidates(drawn(4_000, seed=1)[0], seed=0))


@pytest.fixture(scope="module", params=range(6), ids=["C 0.01", "C 0.1", "C 1", "4 leaves", "8 leaves", "31 leaves"])
def candidate(request: pytest.FixtureRequest, candidates: list[Candidate]) -> Candidate:
    chosen: Candidate = candidates[request.param]
    return chosen


@pytest.fixture(scope="module")
def files(candidate: Candidate) -> Files:
    return Files(*export(candidate, SIGMOID))


@pytest.fixture(scope="module")
def rows(candidate: Candidate) -> Matrix:
    """Real rows and rows at, next to and far beyond everything that was seen."""
    real = drawn(4_000, seed=2)[0].features
    return np.concatenate([real, made_rows(candidate, real, np.random.default_rng(0))])


def test_log_odds_and_probabilities_are_those_of_the_fitted_model(
    candidate: Candidate, files: Files, rows: Matrix
) -> None:
    wanted = SIGMOID(candidate.raw(rows))
    assert len(rows) >= 10_000
    assert np.abs(files.log_odds(rows) - wanted).max() < 2e-5
    assert np.abs(files.probability(rows) - probability(wanted)).max() < 1e-6


def test_contributions_sum_to_the_log_odds(files: Files, rows: Matrix) -> None:
    sums = files.contributions(rows).sum(axis=1, dtype=np.float64)
    assert np.abs(sums - files.log_odds(rows)).max() < 1e-4


def test_the_baseline_is_one_number_and_contributions_are_zero_on_average(candidate: Candidate, files: Files) -> None:
    train = drawn(4_000, seed=1)[0].features
    found = files.contributions(train)
    assert len(np.unique(found[:, -1])) == 1
    assert np.abs(found[:, :-1].mean(axis=0, dtype=np.float64)).max() < 1e-4


def test_a_feature_that_raises_the_odds_has_contributions_that_rise_with_it(candidate: Candidate, files: Files) -> None:
    train = drawn(4_000, seed=1)[0].features
    contribution = files.contributions(train)[:, 0]
    assert np.corrcoef(train[:, 0], contribution)[0, 1] > 0.8


def test_exporting_again_gives_the_same_bytes(candidate: Candidate) -> None:
    assert export(candidate, SIGMOID) == export(candidate, SIGMOID)


def test_the_comparison_reports_what_it_found(candidate: Candidate, files: Files) -> None:
    features = drawn(4_000, seed=2)[0].features
    parity = compare(candidate, SIGMOID, files, features, np.array([-1.5], np.float32), seed=0)
    assert parity.rows >= 10_000
    assert parity.probability <= 1e-5
    assert parity.contributions <= 1e-4
    assert parity.flips == 0


def test_the_comparison_finds_files_of_another_calibration(candidate: Candidate) -> None:
    features = drawn(4_000, seed=2)[0].features
    other = Files(*export(candidate, Sigmoid(0.8, -0.25)))
    parity = compare(candidate, SIGMOID, other, features, np.array([-1.5], np.float32), seed=0)
    assert parity.probability > 1e-3
    assert parity.log_odds == pytest.approx(0.05, abs=1e-3)
    assert parity.flips > 0


def test_every_threshold_is_a_32_bit_number_and_no_row_changed_sides(candidates: list[Candidate]) -> None:
    train = drawn(4_000, seed=1)[0].features
    for boosted in candidates[3:]:
        assert isinstance(boosted, Boosted)
        for (tree,) in boosted.model._predictors:
            thresholds = tree.nodes["num_threshold"]
            assert (thresholds == thresholds.astype(np.float32)).all()
            # The counts are those of the fit, before rounding.
            left = train[:, tree.nodes["feature_idx"][0]] <= thresholds[0]
            assert int(left.sum()) == int(tree.nodes["count"][tree.nodes["left"][0]])


@pytest.mark.parametrize("value", [1.0, float(np.nextafter(np.float32(1), np.float32(2)))])
def test_rows_that_differ_in_the_last_bit_are_told_apart_as_in_the_fit(value: float) -> None:
    """The threshold lies midway, where rounding to the even neighbour would take one of the two rows along."""
    low = np.float32(value)
    high = np.nextafter(low, np.float32(2))
    snapshots = drawn(1_000, seed=1)[0]
    features = snapshots.features.copy()
    features[:, 0] = np.where(snapshots.label == 1, high, low)
    for candidate in fit_candidates(replace(snapshots, features=features), seed=0):
        if isinstance(candidate, Boosted):
            found = Files(*export(candidate, SIGMOID)).log_odds(features)
            assert np.abs(found - SIGMOID(candidate.raw(features))).max() < 1e-5
            assert found[snapshots.label == 1].min() > found[snapshots.label == 0].max() + 1


def test_trees_credit_each_split_with_the_step_it_makes(candidates: list[Candidate]) -> None:
    boosted = candidates[3]
    assert isinstance(boosted, Boosted)
    rows = drawn(50, seed=3)[0].features
    found = Files(*export(boosted, Sigmoid(1.0, 0.0))).contributions(rows)
    assert np.abs(found[:, :-1] - np.array([_walk(boosted, row) for row in rows])).max() < 1e-5


def _walk(boosted: Boosted, row: np.ndarray) -> np.ndarray:
    """Contributions by walking scikit-learn's own trees, node by node."""
    steps = np.zeros(len(row))
    for (tree,) in boosted.model._predictors:
        nodes = tree.nodes

        def mean(at: int, nodes: np.ndarray = nodes) -> float:
            if nodes["is_leaf"][at]:
                return float(nodes["value"][at])
            left, right = int(nodes["left"][at]), int(nodes["right"][at])
            weights = nodes["count"][[left, right]].astype(np.float64)
            return float(weights @ [mean(left), mean(right)] / weights.sum())

        at = 0
        while not nodes["is_leaf"][at]:
            feature = int(nodes["feature_idx"][at])
            below = int(nodes["left" if row[feature] <= nodes["num_threshold"][at] else "right"][at])
            steps[feature] += mean(below) - mean(at)
            at = below
    return steps


def test_features_that_say_nothing_give_trees_of_one_leaf_and_contributions_of_zero() -> None:
    snapshots = drawn(600, seed=1)[0]
    blank = replace(snapshots, features=np.zeros_like(snapshots.features))
    rows = drawn(50, seed=2)[0].features
    for candidate in fit_candidates(blank, seed=0):
        files = Files(*export(candidate, SIGMOID))
        assert np.abs(files.log_odds(rows) - SIGMOID(candidate.raw(rows))).max() < 1e-5
        found = files.contributions(rows)
        assert np.abs(found[:, :-1]).max() == 0
        assert np.abs(found[:, -1] - files.log_odds(rows)).max() < 1e-5


def test_a_logistic_model_holds_values_between_the_least_and_the_most_it_saw(candidates: list[Candidate]) -> None:
    logistic = candidates[0]
    assert isinstance(logistic, Logistic)
    files = Files(*export(logistic, SIGMOID))
    seen = drawn(4_000, seed=1)[0].features
    edge, beyond = (
        np.stack([seen.max(axis=0), seen.min(axis=0)]),
        np.stack([seen.max(axis=0) * 9, seen.min(axis=0) - 5]),
    )
    assert files.log_odds(beyond).tolist() == files.log_odds(edge).tolist()
