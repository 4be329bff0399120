"""Random forests whose trees speak in log-odds.

scikit-learn's forest averages probabilities, whose parts cannot be summed to log-odds. Here the same trees are grown,
and each leaf holds the log-odds of its training rows; the raw score is their mean over the trees. That is a pool of
opinions in the geometric sense (Genest and Zidek, 1986), which orders leads much as the mean probability does, keeps
path contributions exact, and leaves how far apart scores lie to the calibration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from stream.core.fold import Matrix
from training.arrays import DoubleRows, Doubles
from training.balance import Lesson
from training.families.ensemble import Ensemble, Tree, rounded_down
from training.families.raw_graph import RawGraph
from training.variables import Variables

RECIPES: Final[tuple[dict[str, float], ...]] = (
    {"share": 0.005, "tried": 0.2},
    {"share": 0.01, "tried": 0.2},
    {"share": 0.01, "tried": 0.5},
    {"share": 0.002, "tried": 0.2},
)
"""share: the least part of the rows in a leaf. tried: the part of the features that a split chooses from."""

TREES: Final = 60


@dataclass(frozen=True)
class Forest:
    """The fitted trees, with the rows that they were fitted on; no leaf has fewer than `least` of a tree's rows."""

    name: str
    model: RandomForestClassifier
    rows: Matrix
    least: int
    kind: Literal["random_forest"] = "random_forest"

    @cached_property
    def ensemble(self) -> Ensemble:
        """The trees as arrays, each value divided by the number of trees."""
        trees = []
        for each in self.model.estimators_:
            tree = each.tree_
            inner = tree.children_left > 0
            trees.append(
                Tree(
                    left=np.where(inner, tree.children_left, 0),
                    right=np.where(inner, tree.children_right, 0),
                    feature=np.where(inner, tree.feature, 0),
                    threshold=rounded_down(np.where(inner, tree.threshold, 0.0)),
                    value=np.where(inner, 0.0, self._log_odds(tree.value) / len(self.model.estimators_)),
                )
            )
        return Ensemble(trees, 0.0, self.rows)

    @property
    def start(self) -> float:
        """Log-odds before any split."""
        return self.ensemble.start

    def raw(self, features: Matrix) -> Doubles:
        """Log-odds before calibration."""
        leaves = self.model.apply(features)
        said = [
            self._log_odds(each.tree_.value)[leaves[:, number]] for number, each in enumerate(self.model.estimators_)
        ]
        found: Doubles = np.mean(said, axis=0)
        return found

    def parts(self, features: Matrix) -> DoubleRows:
        """What each feature adds to `start`."""
        return self.ensemble.parts(features)

    def graph(self) -> RawGraph:
        """The trees with log-odds in their leaves."""
        return self.ensemble.graph()

    def _log_odds(self, value: np.ndarray) -> Doubles:
        """Of every node. A leaf of one class is taken to have seen half a row of the other."""
        low = 0.5 / self.least
        share: Doubles = np.clip(value[:, 0, 1] / value[:, 0].sum(axis=1), low, 1 - low)
        found: Doubles = np.log(share / (1 - share))
        return found


def fit_forest(name: str, recipe: Mapping[str, float], lesson: Lesson, variables: Variables, seed: int) -> Forest:
    """Grows the trees on resampled rows."""
    least = max(20, int(recipe["share"] * len(lesson.label)))
    model = RandomForestClassifier(
        n_estimators=TREES,
        min_samples_leaf=least,
        max_features=recipe["tried"],
        monotonic_cst=variables.direction if variables.direction.any() else None,
        random_state=seed,
    )
    model.fit(lesson.features, lesson.label, lesson.weight)
    return Forest(name, model, lesson.features, least)
