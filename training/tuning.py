"""Tuning: which recipe of each family does best on leads later than those it was fitted on.

The training leads are cut by first event into a beginning and three folds. Each fold is judged by what could be fitted
on the day it began: snapshots of older leads whose label window had closed by then. A recipe's loss is the mean over
the folds of its log loss there, with a sigmoid of the fold's other leads, so that recipes which are right in order and
wrong in scale are compared fairly. Work is counted in rows, not in seconds: the same rows give the same choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from schemas.learning import Family, Learning
from training.calibration import held_out_losses
from training.candidates import RECIPES, Recipe, fit
from training.saying import Say
from training.snapshots import Snapshots
from training.variables import Variables, cannot_honour

EDGES: Final = (0.4, 0.6, 0.8)
"""Shares of the training leads before which the folds begin."""
FEW: Final = 10
"""Conversions that either side of a fold must have."""


@dataclass(frozen=True)
class Fold:
    """What is fitted, and what it is judged on."""

    fit: Snapshots
    judge: Snapshots


@dataclass
class Tuning:
    """What was tried, of so many recipes that were planned. trials: name, rows and log loss, in order. left_out:
    families that do not compete, and why.
    """

    folds: Sequence[Fold]
    planned: int = 0
    recipes: list[Recipe] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    work: int = 0
    """Rows fitted so far."""

    def record(self) -> dict[str, Any]:
        """For the manifest."""
        folds = [
            {
                "fitted": len(fold.fit),
                "judged": len(fold.judge),
                "converting": int(fold.judge.label.sum()),
            }
            for fold in self.folds
        ]
        return {
            "folds": folds,
            "planned": self.planned,
            "work": self.work,
            "trials": self.trials,
            "left_out": self.left_out,
        }


def time_folds(train: Snapshots, within: int) -> list[Fold]:
    """The folds, the earliest first; without those that have too few conversions on either side, or all of them."""
    _, place = np.unique(train.lead, return_index=True)
    first = np.sort(train.first[place])
    begins = [int(first[int(edge * len(first))]) for edge in EDGES]
    found = []
    for begin, end in zip(begins, [*begins[1:], int(first[-1]) + 1], strict=True):
        older = (train.first < begin) & (train.time + within <= begin)
        fold = Fold(train.of(older), train.of((train.first >= begin) & (train.first < end)))
        if _has_both(fold.fit) and _has_both(fold.judge):
            found.append(fold)
    return found


def tune(train: Snapshots, within: int, learning: Learning, variables: Variables, seed: int, say: Say) -> Tuning:
    """The best recipe of each family and balance. Families take turns; without folds or work to spend, the first of
    each family's recipes is taken.
    """
    tuning = Tuning(time_folds(train, within))
    best: dict[Family, tuple[float, Recipe]] = {}
    for family in learning.candidates:
        if reason := cannot_honour(family, variables):
            tuning.left_out[family] = reason
        else:
            best[family] = (float("inf"), Recipe(family, RECIPES[family][0]))
    turns = max(map(len, RECIPES.values()))
    planned = [
        Recipe(family, RECIPES[family][turn]) for turn in range(turns) for family in best if turn < len(RECIPES[family])
    ]
    tuning.planned = len(planned)
    cost = sum(len(fold.fit) for fold in tuning.folds)
    for recipe in planned if cost else ():
        if tuning.work + cost > learning.budget:
            say(
                f"tuning ends: {len(tuning.trials)} of {len(planned)} recipes tried; the next takes {cost} rows, and "
                f"learning.budget leaves {learning.budget - tuning.work}"
            )
            break
        say(f"tuning: {recipe.name}")
        loss = _loss(recipe, tuning, variables, seed)
        if loss < best[recipe.family][0]:
            best[recipe.family] = (loss, recipe)
    for family, (_, recipe) in best.items():
        tuning.recipes += [Recipe(family, recipe.settings, balance) for balance in learning.balance]
    return tuning


def _loss(recipe: Recipe, tuning: Tuning, variables: Variables, seed: int) -> float:
    found = []
    for fold in tuning.folds:
        candidate = fit(recipe, fold.fit, variables, seed)
        found.append(held_out_losses("sigmoid", candidate.raw(fold.judge.features), fold.judge).mean())
    rows = sum(len(fold.fit) for fold in tuning.folds)
    tuning.work += rows
    loss = float(np.mean(found))
    tuning.trials.append({"name": recipe.name, "rows": rows, "log_loss": round(loss, 8)})
    return loss


def _has_both(part: Snapshots) -> bool:
    ones = int(part.label.sum())
    return FEW <= ones <= len(part) - FEW
