"""The exported files compute what was fitted, for every family and calibration, and say what each feature added."""

from typing import Final

import numpy as np
import pytest

from stream.core.fold import Matrix
from tests.unit.training.slices import drawn
from training.calibration import Calibration, Sigmoid, calibrate
from training.candidates import Candidate, Recipe, fit
from training.export import export
from training.likelihood import probability
from training.parity import PROBABILITY, SUMS, Files, compare, made_rows
from training.variables import free

NO_EDGES: Final = np.array([], np.float32)
RECIPES: Final = {
    "logistic": Recipe("logistic", {"C": 0.1}),
    "4 leaves": Recipe("gradient_boosting", {"leaves": 4, "trees": 100}),
    "31 leaves": Recipe("gradient_boosting", {"leaves": 31, "trees": 100}),
    "forest": Recipe("random_forest", {"share": 0.005, "tried": 0.5}),
    "network": Recipe("neural_network", {"units": 8, "alpha": 1.0}),
}


@pytest.fixture(scope="module")
def candidates() -> dict[str, Candidate]:
    train = drawn(4_000, seed=1)[0]
    return {name: fit(recipe, train, free(6), 0) for name, recipe in RECIPES.items()}


@pytest.fixture(scope="module", params=RECIPES)
def candidate(request: pytest.FixtureRequest, candidates: dict[str, Candidate]) -> Candidate:
    return candidates[request.param]


@pytest.fixture(scope="module", params=["sigmoid", "isotonic"])
def calibration(request: pytest.FixtureRequest, candidate: Candidate) -> Calibration:
    if request.param == "sigmoid":
        return Sigmoid(0.8, -0.3)
    later = drawn(4_000, seed=5)[0]
    found = calibrate("isotonic", candidate.raw(later.features), later.label)
    assert len(found.raw) > 3  # type: ignore[union-attr]
    return found


@pytest.fixture(scope="module")
def files(candidate: Candidate, calibration: Calibration) -> Files:
    return Files(*export(candidate, calibration))


@pytest.fixture(scope="module")
def rows(candidate: Candidate) -> Matrix:
    """Real rows and rows at, next to and far beyond everything that was seen."""
    real = drawn(4_000, seed=2)[0].features
    return np.concatenate([real, made_rows(candidate, real, np.random.default_rng(0))])


def test_log_odds_and_probabilities_are_those_of_the_fitted_model(
    candidate: Candidate, calibration: Calibration, files: Files, rows: Matrix
) -> None:
    wanted = calibration(candidate.raw(rows))
    assert len(rows) >= 10_000
    assert np.abs(files.log_odds(rows) - wanted).max() < 5e-5
    assert np.abs(files.probability(rows) - probability(wanted)).max() < PROBABILITY


def test_contributions_sum_to_the_log_odds(files: Files, rows: Matrix) -> None:
    sums = files.contributions(rows).sum(axis=1, dtype=np.float64)
    assert np.abs(sums - files.log_odds(rows)).max() < SUMS


def test_contributions_are_those_of_the_fitted_model_from_one_baseline(
    candidate: Candidate, calibration: Calibration, files: Files, rows: Matrix
) -> None:
    found = files.contributions(rows)
    wanted = calibration.spread(candidate.parts(rows), candidate.start)
    assert np.percentile(np.abs(found[:, :-1] - wanted).max(axis=1), 99.9) < PROBABILITY
    assert len(np.unique(found[:, -1])) == 1
    assert found[0, -1] == pytest.approx(float(calibration(np.array([candidate.start]))[0]), abs=1e-5)


def test_a_feature_that_raises_the_odds_has_contributions_that_rise_with_it(files: Files) -> None:
    train = drawn(4_000, seed=1)[0].features
    contribution = files.contributions(train)[:, 0]
    assert np.corrcoef(train[:, 0], contribution)[0, 1] > 0.8


def test_a_row_has_the_same_bits_in_whatever_batch_it_comes(files: Files, rows: Matrix) -> None:
    some = rows[3_990:4_510]
    whole, parts = files.log_odds(some), files.contributions(some)
    for size in (2, 3, 5, 16, 129):
        cut = range(0, len(some) - size, size)
        assert all((files.log_odds(some[at : at + size]) == whole[at : at + size]).all() for at in cut)
        assert all((files.contributions(some[at : at + size]) == parts[at : at + size]).all() for at in cut)


def test_exporting_again_gives_the_same_bytes(candidate: Candidate, calibration: Calibration) -> None:
    assert export(candidate, calibration) == export(candidate, calibration)


def test_the_comparison_reports_what_it_found(candidate: Candidate, calibration: Calibration, files: Files) -> None:
    features = drawn(4_000, seed=2)[0].features
    parity = compare(candidate, calibration, files, features, np.array([-1.5], np.float32), seed=0)
    assert parity.rows >= 10_000
    assert parity.holds
    assert parity.flips == 0


def test_the_comparison_finds_files_of_another_calibration(candidates: dict[str, Candidate]) -> None:
    candidate = candidates["logistic"]
    features = drawn(4_000, seed=2)[0].features
    other = Files(*export(candidate, Sigmoid(0.8, -0.25)))
    parity = compare(candidate, Sigmoid(0.8, -0.3), other, features, np.array([-1.5], np.float32), seed=0)
    assert parity.probability > 1e-3
    assert parity.log_odds == pytest.approx(0.05, abs=1e-3)
    assert parity.flips > 0
    assert not parity.holds


def test_the_comparison_finds_contributions_of_other_features_that_have_the_right_sum(
    candidates: dict[str, Candidate],
) -> None:
    candidate, line = candidates["4 leaves"], Sigmoid(1.0, 0.0)
    score, _ = export(candidate, line)
    turned = Turned(score, export(candidate, line)[1])
    parity = compare(candidate, line, turned, drawn(4_000, seed=2)[0].features, NO_EDGES, seed=0)
    assert parity.sums <= SUMS
    assert parity.contributions > 0.1
    assert not parity.holds


class Turned(Files):
    """Credits each feature with what its neighbour added."""

    def contributions(self, features: Matrix) -> Matrix:
        found = super().contributions(features)
        return np.concatenate([np.roll(found[:, :-1], 1, axis=1), found[:, -1:]], axis=1)
