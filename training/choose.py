"""The choice: of tuned candidates, each with its best calibration, the one with the lowest log loss on later leads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.learning import Learning
from stream.core.fold import Matrix
from training.calibration import METHODS, Calibration, Method, calibrate, choose_method, fit_sigmoid, held_out_losses
from training.candidates import Candidate, Recipe, fit
from training.export import export
from training.parity import Files, compare
from training.ranking import auc
from training.refusal import TrainingRefused
from training.saying import Say
from training.split import Slices, lead_count
from training.tuning import Tuning, tune
from training.variables import Variables


@dataclass(frozen=True)
class Chosen:
    """A fitted and calibrated candidate with its files. later_slope: that of a sigmoid on the calibration slice,
    positive where later leads agree with the order. tried: every candidate, for the manifest.
    """

    recipe: Recipe
    candidate: Candidate
    calibration: Calibration
    later_slope: float
    score: bytes
    explain: bytes
    files: Files
    tried: list[dict[str, Any]]
    tuning: Tuning


@dataclass(frozen=True)
class _Contender:
    recipe: Recipe
    candidate: Candidate
    method: Method
    loss: float
    told: dict[str, Any]


def choose(
    slices: Slices, within: int, features: Matrix, learning: Learning, variables: Variables, seed: int, say: Say
) -> Chosen:
    """Ties go to the candidate named first and the simpler calibration. One whose files do not compute what was fitted
    is passed over. `features`: rows to compare them on. Raises TrainingRefused where none is left.
    """
    say(f"tuning on {len(slices.train)} snapshots of {lead_count(slices.train)} leads")
    tuning = tune(slices.train, within, learning, variables, seed, say)
    if not tuning.recipes:
        reasons = "; ".join(f"{family}: {reason}" for family, reason in tuning.left_out.items())
        raise TrainingRefused(f"no family of learning.candidates can keep the rules for features: {reasons}")
    contenders = list(_contenders(slices, tuning.recipes, variables, seed, say))
    tried = [contender.told for contender in contenders]
    for contender in sorted(contenders, key=lambda each: each.loss):
        candidate = contender.candidate
        raw = candidate.raw(slices.calibration.features)
        calibration = calibrate(contender.method, raw, slices.calibration.label)
        score, explain = export(candidate, calibration)
        files = Files(score, explain)
        if compare(candidate, calibration, files, features, np.zeros(0, np.float32), seed).holds:
            contender.told["taken"] = True
            slope = fit_sigmoid(raw, slices.calibration.label).slope
            return Chosen(contender.recipe, candidate, calibration, slope, score, explain, files, tried, tuning)
        contender.told["passed_over"] = "its files compute something else than was fitted"
    raise TrainingRefused("no candidate's files compute what was fitted: report this with the settings")


def _contenders(
    slices: Slices, recipes: list[Recipe], variables: Variables, seed: int, say: Say
) -> Iterator[_Contender]:
    later = slices.calibration
    for recipe in recipes:
        say(f"fitting {recipe.name}")
        candidate = fit(recipe, slices.train, variables, seed)
        raw = candidate.raw(later.features)
        held_out = {method: held_out_losses(method, raw, later) for method in METHODS if _may(method, recipe)}
        method = choose_method(held_out, later)
        losses = {each: float(found.mean()) for each, found in held_out.items()}
        area = auc(raw, later.label)
        say(f"fitted {recipe.name}: log loss {losses[method]:.5f} ({method}), AUC {area:.3f} on the calibration slice")
        told = {
            "name": recipe.name,
            "kind": recipe.family,
            "calibration": method,
            "log_loss": round(losses[method], 8),
            "log_loss_by_calibration": {name: round(loss, 8) for name, loss in losses.items()},
            "auc": round(area, 6),
            "taken": False,
        }
        yield _Contender(recipe, candidate, method, losses[method], told)


def _may(method: Method, recipe: Recipe) -> bool:
    """A candidate fitted on shares of conversions that are made up is always calibrated."""
    return method != "none" or recipe.balance == "none"
