"""Gradient-boosted trees, by scikit-learn's histograms."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from stream.core.fold import Matrix
from training.arrays import DoubleRows, Doubles
from training.balance import Lesson
from training.families.ensemble import Ensemble, Tree, rounded_down
from training.families.raw_graph import RawGraph
from training.variables import Variables

RECIPES: Final[tuple[dict[str, float], ...]] = (
    {"leaves": 8, "trees": 100},
    {"leaves": 4, "trees": 100},
    {"leaves": 4, "trees": 50},
    {"leaves": 16, "trees": 60},
    {"leaves": 31, "trees": 100},
)
"""Leaves a tree, and trees."""

RATE: Final = 0.05


@dataclass(frozen=True)
class Boosted:
    """The fitted trees, with the rows that they were fitted on (for how many came through each node)."""

    name: str
    model: HistGradientBoostingClassifier
    rows: Matrix
    kind: Literal["gradient_boosting"] = "gradient_boosting"

    @cached_property
    def ensemble(self) -> Ensemble:
        """The trees as arrays."""
        added = float(np.asarray(self.model._baseline_prediction).ravel()[0])
        return Ensemble([_tree(predictor.nodes) for (predictor,) in self.model._predictors], added, self.rows)

    @property
    def start(self) -> float:
        """Log-odds before any split."""
        return self.ensemble.start

    def raw(self, features: Matrix) -> Doubles:
        """Log-odds before calibration."""
        found: Doubles = self.model.decision_function(features.astype(np.float64))
        return found

    def parts(self, features: Matrix) -> DoubleRows:
        """What each feature adds to `start`."""
        return self.ensemble.parts(features)

    def graph(self) -> RawGraph:
        """The trees as they are."""
        return self.ensemble.graph()


def fit_boosted(name: str, recipe: Mapping[str, float], lesson: Lesson, variables: Variables, seed: int) -> Boosted:
    """Fits without early stopping, which would set rows aside at random."""
    model = HistGradientBoostingClassifier(
        max_iter=int(recipe["trees"]),
        max_leaf_nodes=int(recipe["leaves"]),
        learning_rate=RATE,
        min_samples_leaf=max(20, len(lesson.label) // 500),
        l2_regularization=1.0,
        early_stopping=False,
        monotonic_cst=variables.direction if variables.direction.any() else None,
        random_state=seed,
    )
    model.fit(lesson.features, lesson.label, lesson.weight)
    return Boosted(name, model, lesson.features)


def _tree(nodes: np.ndarray) -> Tree:
    inner = nodes["is_leaf"] == 0
    return Tree(
        left=np.where(inner, nodes["left"], 0).astype(np.int64),
        right=np.where(inner, nodes["right"], 0).astype(np.int64),
        feature=np.where(inner, nodes["feature_idx"], 0).astype(np.int64),
        threshold=rounded_down(np.where(inner, nodes["num_threshold"], 0.0)),
        value=np.where(inner, 0.0, nodes["value"]),
    )
