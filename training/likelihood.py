"""Log-odds, probabilities and how likely they make what happened."""

from typing import Final

import numpy as np

from stream.core.lead import Ints
from training.arrays import Doubles

STEPS: Final = 50


def probability(log_odds: Doubles) -> Doubles:
    """The logistic function."""
    found: Doubles = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700, 700)))
    return found


def losses(log_odds: Doubles, label: Ints) -> Doubles:
    """Negative log-likelihood of each label."""
    found: Doubles = np.logaddexp(0.0, np.where(label == 1, -log_odds, log_odds))
    return found


def log_loss(log_odds: Doubles, label: Ints) -> float:
    """Mean negative log-likelihood of the labels."""
    return float(np.mean(losses(log_odds, label)))


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
