"""What each family of candidates does with rows, rules for features and values that training never saw."""

from dataclasses import replace

import numpy as np
import pytest

from schemas.learning import Family
from stream.core.fold import Matrix
from tests.unit.training.slices import drawn
from training.calibration import Sigmoid
from training.candidates import RECIPES, Candidate, Recipe, fit
from training.export import export
from training.families.boosted import Boosted
from training.families.forest import Forest
from training.likelihood import probability
from training.parity import Files
from training.ranking import auc
from training.variables import Variables, free

FAMILIES: tuple[Family, ...] = ("logistic", "gradient_boosting", "random_forest", "neural_network")
PLAIN = Sigmoid(1.0, 0.0)


def first(family: Family) -> Recipe:
    return Recipe(family, RECIPES[family][0])


@pytest.fixture(scope="module")
def candidates() -> dict[Family, Candidate]:
    train = drawn(4_000, seed=1)[0]
    return {family: fit(first(family), train, free(6), 0) for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES)
def test_it_comes_near_to_the_best_order_there_is(family: Family, candidates: dict[Family, Candidate]) -> None:
    later, truth = drawn(4_000, seed=2)
    # One of the features works in a step, which additive models cannot follow.
    room = 0.02 if family in ("gradient_boosting", "random_forest") else 0.05
    assert auc(candidates[family].raw(later.features), later.label) > auc(truth, later.label) - room


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_rows_and_seed_give_the_same_files(family: Family, candidates: dict[Family, Candidate]) -> None:
    again = fit(first(family), drawn(4_000, seed=1)[0], free(6), 0)
    assert export(again, PLAIN) == export(candidates[family], PLAIN)


@pytest.mark.parametrize("family", ["gradient_boosting", "random_forest", "neural_network"])
def test_another_seed_may_be_another_model(family: Family, candidates: dict[Family, Candidate]) -> None:
    train = drawn(4_000, seed=1)[0]
    assert fit(first(family), train, free(6), 7).kind == family


@pytest.mark.parametrize("family", FAMILIES)
def test_parts_sum_to_the_raw_log_odds(family: Family, candidates: dict[Family, Candidate]) -> None:
    rows = drawn(1_000, seed=3)[0].features
    candidate = candidates[family]
    assert np.abs(candidate.parts(rows).sum(axis=1) + candidate.start - candidate.raw(rows)).max() < 1e-9


@pytest.mark.parametrize("family", FAMILIES)
def test_an_excluded_feature_changes_no_score(family: Family) -> None:
    variables = replace(free(6), used=np.array([False, True, True, True, True, True]))
    candidate = fit(first(family), drawn(2_000, seed=1)[0], variables, 0)
    rows = drawn(500, seed=2)[0].features
    other = rows.copy()
    other[:, 0] = rows[::-1, 0] * 3
    files = Files(*export(candidate, PLAIN))
    assert files.log_odds(rows).tolist() == files.log_odds(other).tolist()
    assert np.abs(files.contributions(other)[:, 0]).max() == 0
    assert np.abs(files.contributions(other)[:, 1]).max() > 0.1


@pytest.mark.parametrize("family", ["logistic", "gradient_boosting", "random_forest"])
def test_more_of_a_rising_feature_never_lowers_a_score_whatever_the_data_say(family: Family) -> None:
    """The second feature truly lowers the odds; the first raises them."""
    variables = replace(free(6), direction=np.array([1, 1, -1, 0, 0, 0]))
    candidate = fit(first(family), drawn(3_000, seed=1)[0], variables, 0)
    files = Files(*export(candidate, PLAIN))
    rows = drawn(300, seed=2)[0].features
    for feature, direction in ((0, 1), (1, 1), (2, -1)):
        steps = []
        for value in np.linspace(0, 14, 29, dtype=np.float32):
            rows[:, feature] = value
            steps.append(files.log_odds(rows))
        assert (np.diff(np.array(steps), axis=0) * direction).min() >= -1e-5


@pytest.mark.parametrize("family", ["logistic", "neural_network"])
def test_a_weighted_feature_is_used_more_readily(family: Family) -> None:
    """Two copies of one feature: without a weight they share, with one the weighted copy says most."""
    train = drawn(2_000, seed=1)[0]
    features = train.features.copy()
    features[:, 1] = features[:, 0]
    weighted = replace(free(6), emphasis=np.array([1.0, 5, 1, 1, 1, 1]))
    candidate = fit(first(family), replace(train, features=features), weighted, 0)
    size = np.abs(candidate.parts(features)).mean(axis=0)
    assert size[1] > 4 * size[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_features_that_say_nothing_give_contributions_of_zero(family: Family) -> None:
    snapshots = drawn(600, seed=1)[0]
    blank = replace(snapshots, features=np.zeros_like(snapshots.features))
    candidate = fit(first(family), blank, free(6), 0)
    rows = drawn(50, seed=2)[0].features
    files = Files(*export(candidate, PLAIN))
    found = files.contributions(rows)
    assert np.abs(files.log_odds(rows) - candidate.raw(rows)).max() < 1e-5
    assert np.abs(found[:, :-1]).max() == 0
    assert np.abs(found[:, -1] - files.log_odds(rows)).max() < 1e-5


@pytest.mark.parametrize("family", ["logistic", "neural_network"])
def test_values_are_held_between_the_least_and_the_most_that_training_saw(
    family: Family, candidates: dict[Family, Candidate]
) -> None:
    files = Files(*export(candidates[family], PLAIN))
    seen = drawn(4_000, seed=1)[0].features
    edge = np.stack([seen.max(axis=0), seen.min(axis=0)])
    beyond = np.stack([seen.max(axis=0) * 9, seen.min(axis=0) - 5])
    assert files.log_odds(beyond).tolist() == files.log_odds(edge).tolist()


@pytest.mark.parametrize("balance", ["class_weights", "smote"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_balanced_candidate_says_too_much_until_it_is_calibrated(family: Family, balance: str) -> None:
    train, truth = drawn(3_000, seed=1)
    rare = train.of((train.label == 0) | (np.arange(3_000) % 6 == 0))
    recipe = replace(first(family), balance=balance)  # type: ignore[arg-type]
    raw = fit(recipe, rare, free(6), 0).raw(rare.features)
    assert probability(raw).mean() > 2 * rare.label.mean()
    assert auc(raw, rare.label) > auc(truth[(train.label == 0) | (np.arange(3_000) % 6 == 0)], rare.label) - 0.05


@pytest.mark.parametrize("value", [1.0, float(np.nextafter(np.float32(1), np.float32(2)))])
@pytest.mark.parametrize("family", ["gradient_boosting", "random_forest"])
def test_rows_that_differ_in_the_last_bit_are_told_apart_as_in_the_fit(family: Family, value: float) -> None:
    """The threshold lies midway, where rounding to the even neighbour would take one of the two rows along."""
    low = np.float32(value)
    high = np.nextafter(low, np.float32(2))
    snapshots = drawn(1_000, seed=1)[0]
    features = snapshots.features.copy()
    features[:, 0] = np.where(snapshots.label == 1, high, low)
    candidate = fit(
        Recipe(family, {**RECIPES[family][0], "tried": 1.0}), replace(snapshots, features=features), free(6), 0
    )
    found = Files(*export(candidate, PLAIN)).log_odds(features)
    assert np.abs(found - candidate.raw(features)).max() < 1e-5
    if family == "gradient_boosting":  # a forest keeps rows this close in one leaf, in the fit as in the file
        assert found[snapshots.label == 1].min() > found[snapshots.label == 0].max() + 1


def test_every_threshold_is_a_32_bit_number_and_no_row_changed_sides(candidates: dict[Family, Candidate]) -> None:
    train = drawn(4_000, seed=1)[0].features
    boosted = candidates["gradient_boosting"]
    assert isinstance(boosted, Boosted)
    for tree, (fitted,) in zip(boosted.ensemble.trees, boosted.model._predictors, strict=True):
        assert tree.threshold.dtype == np.float32
        left = train[:, tree.feature[0]] <= tree.threshold[0]
        assert int(left.sum()) == int(fitted.nodes["count"][fitted.nodes["left"][0]])


def test_boosted_trees_credit_each_split_with_the_step_it_makes(candidates: dict[Family, Candidate]) -> None:
    boosted = candidates["gradient_boosting"]
    assert isinstance(boosted, Boosted)
    rows = drawn(50, seed=3)[0].features
    found = Files(*export(boosted, PLAIN)).contributions(rows)
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


def test_a_forest_says_the_mean_of_its_trees_log_odds(candidates: dict[Family, Candidate]) -> None:
    forest = candidates["random_forest"]
    assert isinstance(forest, Forest)
    rows: Matrix = drawn(200, seed=3)[0].features
    chances = np.array([tree.predict_proba(rows)[:, 1] for tree in forest.model.estimators_])
    kept = np.clip(chances, 0.5 / forest.least, 1 - 0.5 / forest.least)
    assert np.abs(forest.raw(rows) - np.log(kept / (1 - kept)).mean(axis=0)).max() < 1e-9
    order = np.corrcoef(np.argsort(np.argsort(forest.raw(rows))), np.argsort(np.argsort(chances.mean(axis=0))))[0, 1]
    assert order > 0.99


def test_features_of_a_variables_rule_are_as_many_as_the_rows_have() -> None:
    rules = Variables(np.array([True, False]), np.array([0, 0]), np.array([1.0, 1.0]))
    assert rules.hide(np.ones((3, 2), np.float32)).tolist() == [[1, 0]] * 3
