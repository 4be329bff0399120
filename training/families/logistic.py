"""Logistic models: each shaped feature adds its own part."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from onnx import helper
from sklearn.linear_model import LogisticRegression

from stream.core.fold import Matrix
from stream.models.additive import Additive, additive_parts
from training.arrays import DoubleRows, Doubles
from training.balance import Lesson
from training.families.raw_graph import RawGraph
from training.families.shape import Shape, fit_shape
from training.variables import Variables

RECIPES: Final[tuple[dict[str, float], ...]] = ({"C": 0.1}, {"C": 0.01}, {"C": 1.0}, {"C": 0.001})
"""C: the smaller, the nearer the weights are held to zero."""


@dataclass(frozen=True)
class Logistic:
    """weight x shaped feature, summed."""

    name: str
    shape: Shape
    regression: LogisticRegression
    kind: Literal["logistic"] = "logistic"

    @property
    def start(self) -> float:
        """The mean lead's log-odds."""
        return float(self.regression.intercept_[0])

    def raw(self, features: Matrix) -> Doubles:
        """Log-odds before calibration."""
        found: Doubles = self.regression.decision_function(self.shape(features))
        return found

    def parts(self, features: Matrix) -> DoubleRows:
        """What each feature adds to `start`."""
        found: DoubleRows = self.shape(features) * self.regression.coef_[0]
        return found

    def graph(self) -> RawGraph:
        """Standardisation folded into the weights."""
        weight = self.regression.coef_[0] * self.shape.scale
        parts, constants = additive_parts(
            Additive(
                weight=weight.astype(np.float32),
                centre=self.shape.mean.astype(np.float32),
                cap=self.shape.cap,
                bias=self.start,
                logarithmic=True,
                floor=self.shape.floor,
            ),
            "raw_parts",
        )
        constants |= {"last_axis": np.array([1], np.int64), "start": np.array([self.start], np.float32)}
        score = [
            *parts,
            helper.make_node("ReduceSum", ["raw_parts", "last_axis"], ["total"], keepdims=0),
            helper.make_node("Add", ["total", "start"], ["raw"]),
        ]
        return RawGraph(len(weight), score, parts, constants, self.start)


def fit_logistic(name: str, recipe: Mapping[str, float], lesson: Lesson, variables: Variables) -> Logistic:
    """Features that come out pointing the wrong way are taken away and the rest is fitted again, until none does."""
    emphasis = variables.emphasis.copy()
    while True:
        shape = fit_shape(lesson.features, emphasis)
        regression = LogisticRegression(C=recipe["C"], solver="newton-cholesky", max_iter=200)
        regression.fit(shape(lesson.features), lesson.label, lesson.weight)
        wrong = regression.coef_[0] * variables.direction < 0
        if not wrong.any():
            return Logistic(name, shape, regression)
        emphasis[wrong] = 0
