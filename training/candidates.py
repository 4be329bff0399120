"""The candidates: logistic models and gradient-boosted trees, fitted with scikit-learn in 64 bits on 32-bit rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stream.core.features import Vector
from stream.core.fold import Matrix
from training.snapshots import Snapshots

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]
DoubleRows = np.ndarray[tuple[int, int], np.dtype[np.float64]]

PENALTIES: Final = (0.01, 0.1, 1.0)
"""C of the logistic candidates: the smaller, the nearer the weights are held to zero."""
LEAVES: Final = (4, 8, 31)
"""Leaves a tree of the boosted candidates."""
TREES: Final = 100


@dataclass(frozen=True)
class Logistic:
    """weight x standardised(sign(x) log(1 + |x|)), summed; x is held between the least and the most that training saw.

    A worker meets what training did not, such as a lead's first minutes; a straight line would run on without end.
    """

    name: str
    pipeline: Pipeline
    floor: Vector
    cap: Vector
    kind: Literal["logistic"] = "logistic"

    def raw(self, features: Matrix) -> Doubles:
        """Log-odds before calibration."""
        found: Doubles = self.pipeline.decision_function(features.astype(np.float64))
        return found


@dataclass(frozen=True)
class Boosted:
    """Gradient-boosted trees, with the rows that they were fitted on (for how many came through each node)."""

    name: str
    model: HistGradientBoostingClassifier
    rows: Matrix
    kind: Literal["gradient_boosting"] = "gradient_boosting"

    def raw(self, features: Matrix) -> Doubles:
        """Log-odds before calibration."""
        found: Doubles = self.model.decision_function(features.astype(np.float64))
        return found


Candidate = Logistic | Boosted


def fit_candidates(train: Snapshots, seed: int) -> Iterator[Candidate]:
    """Fits each candidate in turn; the same rows and seed give the same candidates."""
    for penalty in PENALTIES:
        yield _logistic(train, penalty)
    for leaves in LEAVES:
        yield _boosted(train, leaves, seed)


def _logistic(train: Snapshots, penalty: float) -> Logistic:
    floor, cap = train.features.min(axis=0), train.features.max(axis=0)
    pipeline = make_pipeline(
        FunctionTransformer(_shape, kw_args={"floor": floor.astype(np.float64), "cap": cap.astype(np.float64)}),
        StandardScaler(),
        LogisticRegression(C=penalty, solver="newton-cholesky", max_iter=200),
    )
    pipeline.fit(train.features.astype(np.float64), train.label)
    return Logistic(f"logistic, C={penalty:g}", pipeline, floor, cap)


def _shape(features: DoubleRows, floor: Doubles, cap: Doubles) -> DoubleRows:
    held = np.clip(features, floor, cap)
    shaped: DoubleRows = np.sign(held) * np.log1p(np.abs(held))
    return shaped


def _boosted(train: Snapshots, leaves: int, seed: int) -> Boosted:
    model = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=leaves,
        learning_rate=0.05,
        min_samples_leaf=max(20, len(train) // 500),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(train.features, train.label)
    _round_thresholds_down(model)
    return Boosted(f"gradient boosting, {leaves} leaves", model, train.features)


def _round_thresholds_down(model: HistGradientBoostingClassifier) -> None:
    """Makes every threshold a 32-bit number without moving a 32-bit row to the other side.

    For such an x, x <= t holds exactly where x <= (the largest 32-bit number not above t) does. ONNX keeps 32 bits and
    would round to the nearest one, which may be a value of x above t.
    """
    for (tree,) in model._predictors:
        threshold = tree.nodes["num_threshold"]
        nearest = threshold.astype(np.float32)
        above = nearest.astype(np.float64) > threshold
        nearest[above] = np.nextafter(nearest[above], np.float32(-np.inf))
        tree.nodes["num_threshold"] = nearest
