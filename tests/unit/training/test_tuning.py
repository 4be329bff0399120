"""Tuning looks forward in time, spends what it was given, and is the same every time."""

from dataclasses import replace

import numpy as np
import pytest

from schemas.learning import Learning
from tests.unit.training.slices import drawn
from training.saying import in_silence
from training.snapshots import Snapshots
from training.tuning import Tuning, time_folds, tune
from training.variables import free

WITHIN = 100
FAST = Learning(candidates=("logistic", "gradient_boosting"), budget=40_000)


def train() -> Snapshots:
    """Two snapshots a lead, one a day; lead i comes at i."""
    return drawn(3_000, seed=1, per_lead=2)[0]


def tuned(learning: Learning = FAST, rows: Snapshots | None = None, seed: int = 0) -> Tuning:
    return tune(rows or train(), WITHIN, learning, free(6), seed, in_silence)


def test_a_fold_is_fitted_on_what_was_known_when_it_began() -> None:
    folds = time_folds(train(), WITHIN)
    assert len(folds) == 3
    for fold in folds:
        assert int((fold.fit.time + WITHIN).max()) <= int(fold.judge.first.min())
        assert not set(fold.fit.lead.tolist()) & set(fold.judge.lead.tolist())
    assert [len(fold.fit) for fold in folds] == sorted(len(fold.fit) for fold in folds)
    judged = np.concatenate([fold.judge.lead for fold in folds])
    assert len(np.unique(judged)) == len(judged) // 2 == 1_800


def test_a_fold_of_one_class_is_left_out_and_without_folds_nothing_is_tuned() -> None:
    rows = train()
    early = replace(rows, label=np.where(rows.lead < 2_400, rows.label, 0))
    assert len(time_folds(early, WITHIN)) == 2
    late = replace(rows, label=np.where(rows.lead > 2_900, rows.label, 0))
    assert time_folds(late, WITHIN) == []
    found = tuned(rows=late)
    assert (found.trials, found.work) == ([], 0)
    assert [recipe.settings for recipe in found.recipes] == [{"C": 0.1}, {"leaves": 8, "trees": 100}]


def test_windows_that_never_closed_before_a_fold_leave_nothing_to_tune_on() -> None:
    assert time_folds(train(), 10_000) == []


@pytest.mark.parametrize("budget", [0, 12_000, 40_000])
def test_no_more_work_is_spent_than_given_and_it_is_counted_in_rows(budget: int) -> None:
    found = tuned(FAST.model_copy(update={"budget": budget}))
    cost = sum(len(fold.fit) for fold in found.folds)
    assert found.work == sum(trial["rows"] for trial in found.trials) == len(found.trials) * cost
    assert found.work <= budget < found.work + cost


def test_families_take_turns_so_that_a_small_budget_serves_all() -> None:
    names = [trial["name"] for trial in tuned().trials]
    assert names[:3] == [
        "logistic, C 0.1", "gradient boosting, leaves 8, trees 100", "logistic, C 0.01"
    ]  # fmt: skip


def test_the_recipe_with_the_lowest_loss_on_later_leads_is_taken() -> None:
    found = tuned()
    for recipe in found.recipes:
        mine = {t["name"]: t["log_loss"] for t in found.trials if t["name"].startswith(recipe.family.replace("_", " "))}
        assert recipe.name == min(mine, key=lambda name: mine[name])


def test_the_same_rows_and_seed_are_tuned_alike() -> None:
    assert tuned().record() == tuned().record()


def test_each_balance_is_tried_on_the_best_recipe_of_a_family() -> None:
    learning = Learning(candidates=("logistic",), budget=0, balance=("none", "class_weights"))
    assert [recipe.name for recipe in tuned(learning).recipes] == ["logistic, C 0.1", "logistic, C 0.1, class weights"]


def test_a_family_that_cannot_keep_the_rules_does_not_compete_and_says_why() -> None:
    rules = replace(free(6), direction=np.array([1, 0, 0, 0, 0, 0]))
    learning = Learning(candidates=("logistic", "neural_network"), budget=0)
    found = tune(train(), WITHIN, learning, rules, 0, in_silence)
    assert [recipe.family for recipe in found.recipes] == ["logistic"]
    assert "only raise or only lower" in found.left_out["neural_network"]
