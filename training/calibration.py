"""Calibration by a sigmoid (Platt): log-odds = slope x raw + intercept, fitted on leads later than those trained on."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stream.core.lead import Ints
from training.candidates import Candidate, Doubles
from training.snapshots import Snapshots

FOLDS: Final = 5
STEPS: Final = 50


@dataclass(frozen=True)
class Sigmoid:
    """What turns raw log-odds into calibrated ones."""

    slope: float
    intercept: float

    def __call__(self, raw: Doubles) -> Doubles:
        found: Doubles = self.slope * raw + self.intercept
        return found


def fit_sigmoid(raw: Doubles, label: Ints) -> Sigmoid:
    """The sigmoid of the greatest likelihood, its targets drawn in from 0 and 1 as by Platt (1999): with N1 converted
    and N0 others they are (N1 + 1) / (N1 + 2) and 1 / (N0 + 2), so that few conversions give no infinite slope.
    """
    ones = int(label.sum())
    target = np.where(label == 1, (ones + 1) / (ones + 2), 1 / (len(label) - ones + 2))
    slope, intercept = logistic_line(raw, target, np.ones(len(raw)))
    return Sigmoid(slope, intercept)


def logistic_line(
    raw: Doubles, target: Doubles, weight: Doubles, start: tuple[float, float] = (1.0, 0.0)
) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of the targets on one variable, by Newton's method."""
    slope, intercept = start
    for _ in range(STEPS):
        fitted = probability(slope * raw + intercept)
        error = weight * (fitted - target)
        spread = weight * fitted * (1 - fitted)
        gradient = np.array([error @ raw, error.sum()])
        cross = spread @ raw
        hessian = np.array([[spread @ (raw * raw), cross], [cross, spread.sum()]]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        # A long step is cut: far from the optimum the curvature vanishes and Newton's method would leap away.
        step *= min(1.0, 2.0 / float(np.abs(step).max() + 1e-300))
        slope, intercept = slope - float(step[0]), intercept - float(step[1])
        if float(np.abs(step).max()) < 1e-9:
            break
    return slope, intercept


def offset(log_odds: Doubles, label: Ints, weight: Doubles) -> float:
    """By how much all log-odds would have to rise for their mean probability to meet what happened."""
    shift = 0.0
    for _ in range(STEPS):
        fitted = probability(log_odds + shift)
        step = float(weight @ (fitted - label)) / (float(weight @ (fitted * (1 - fitted))) + 1e-9)
        step = max(-2.0, min(2.0, step))
        shift -= step
        if abs(step) < 1e-9:
            break
    return shift


def probability(log_odds: Doubles) -> Doubles:
    """The logistic function."""
    found: Doubles = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700, 700)))
    return found


def log_loss(log_odds: Doubles, label: Ints) -> float:
    """Mean negative log-likelihood of the labels."""
    return float(np.mean(np.logaddexp(0.0, np.where(label == 1, -log_odds, log_odds))))


def held_out_loss(candidate: Candidate, calibration: Snapshots) -> float:
    """The candidate's log loss on the calibration slice, each fifth of its leads with a sigmoid of the other four."""
    raw = candidate.raw(calibration.features)
    _, place = np.unique(calibration.lead, return_inverse=True)
    log_odds = np.empty(len(raw))
    for fold in range(FOLDS):
        aside = place % FOLDS == fold
        if aside.any():
            log_odds[aside] = fit_sigmoid(raw[~aside], calibration.label[~aside])(raw[aside])
    return log_loss(log_odds, calibration.label)
