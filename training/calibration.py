"""Calibration: from raw log-odds to those that mean what they say, fitted on leads later than those trained on.

Three ways compete: a sigmoid (Platt), none and an isotonic line. Each is judged by the log loss of a fifth of the
leads after being fitted on the other four, so none is judged on a lead it has seen. What was fitted on older leads is
mostly too sure of itself on later ones, so the sigmoid is taken unless another beats it by more than a standard error:
with few conversions the lowest of three losses is a matter of luck.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stream.core.lead import Flags, Ints
from training.arrays import DoubleRows, Doubles
from training.isotonic import Isotonic, fit_isotonic
from training.likelihood import logistic_line, losses
from training.snapshots import Snapshots

FOLDS: Final = 5

Method = Literal["none", "sigmoid", "isotonic"]
METHODS: Final[tuple[Method, ...]] = ("sigmoid", "none", "isotonic")
"""The one that the others must beat first."""


@dataclass(frozen=True)
class Sigmoid:
    """log-odds = slope x raw + intercept."""

    slope: float
    intercept: float
    method: Literal["none", "sigmoid"] = "sigmoid"

    def __call__(self, raw: Doubles) -> Doubles:
        found: Doubles = self.slope * raw + self.intercept
        return found

    def spread(self, parts: DoubleRows, start: float) -> DoubleRows:
        """Contributions to the calibrated log-odds, from those to the raw ones."""
        found: DoubleRows = self.slope * parts
        return found


Calibration = Sigmoid | Isotonic


def calibrate(method: Method, raw: Doubles, label: Ints) -> Calibration:
    """The calibration for these snapshots."""
    if method == "none":
        return Sigmoid(1.0, 0.0, "none")
    sigmoid = fit_sigmoid(raw, label)
    return fit_isotonic(raw, label, sigmoid.slope) if method == "isotonic" else sigmoid


def fit_sigmoid(raw: Doubles, label: Ints) -> Sigmoid:
    """The sigmoid of the greatest likelihood, its targets drawn in from 0 and 1 as by Platt (1999): with N1 converted
    and N0 others they are (N1 + 1) / (N1 + 2) and 1 / (N0 + 2), so that few conversions give no infinite slope.
    """
    ones = int(label.sum())
    target = np.where(label == 1, (ones + 1) / (ones + 2), 1 / (len(label) - ones + 2))
    slope, intercept = logistic_line(raw, target, np.ones(len(raw)))
    return Sigmoid(slope, intercept)


def held_out_losses(method: Method, raw: Doubles, later: Snapshots) -> Doubles:
    """Each snapshot's loss. `raw`: its raw log-odds; it is later than those fitted on, and its lead is held out of the
    calibration.
    """
    log_odds = np.empty(len(raw))
    for aside in _fifths(later):
        log_odds[aside] = calibrate(method, raw[~aside], later.label[~aside])(raw[aside])
    return losses(log_odds, later.label)


def choose_method(held_out: Mapping[Method, Doubles], later: Snapshots) -> Method:
    """Of methods with each snapshot's loss, the best of those that beat the sigmoid beyond a standard error, or it."""
    best: Method = "sigmoid"
    for method in METHODS:
        if method in held_out and _beats(held_out[method], held_out["sigmoid"], later):
            best = method if held_out[method].mean() < held_out[best].mean() else best
    return best


def _beats(one: Doubles, other: Doubles, later: Snapshots) -> bool:
    """A lead's snapshots are not independent, so their differences are summed before their spread is taken."""
    difference = other - one
    _, place = np.unique(later.lead, return_inverse=True)
    by_lead = np.bincount(place, difference - difference.mean())
    return float(difference.sum()) > float(np.sqrt((by_lead**2).sum()))


def _fifths(later: Snapshots) -> Iterator[Flags]:
    """A lead is in one fifth with all of its snapshots."""
    _, place = np.unique(later.lead, return_inverse=True)
    for fold in range(FOLDS):
        aside = place % FOLDS == fold
        if aside.any() and not aside.all():
            yield aside
