"""Small neural networks: one layer of rectified units over the shaped features.

Contributions compare a row with the mean lead, whose shaped features are all 0, by DeepLIFT's rescale rule (Shrikumar
and others, 2017): a unit's share of the change is passed on to its inputs in proportion to what they moved it by. With
one hidden layer they sum exactly to the raw log-odds.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from onnx import helper
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from stream.core.fold import Matrix
from stream.models.additive import Additive, additive_parts, whole_lanes
from training.arrays import DoubleRows, Doubles
from training.balance import Lesson
from training.families.raw_graph import RawGraph
from training.families.shape import Shape, fit_shape
from training.variables import Variables

RECIPES: Final[tuple[dict[str, float], ...]] = (
    {"units": 8, "alpha": 1.0},
    {"units": 8, "alpha": 10.0},
    {"units": 16, "alpha": 3.0},
)
"""Hidden units, and the penalty on squared weights."""

UPDATES: Final = 2_000
"""Steps of the fit, each by a batch of rows: as many for few rows as for many, in 20 rounds at least."""
BATCH: Final = 256
STILL: Final = 1e-6
"""A unit that moved less than this passes its slope on, as dividing by so little would magnify what rounding left."""


@dataclass(frozen=True)
class Network:
    """The fitted network."""

    name: str
    shape: Shape
    model: MLPClassifier
    kind: Literal["neural_network"] = "neural_network"

    @property
    def start(self) -> float:
        """The mean lead's log-odds."""
        _, bias, out, last = self._weights()
        return float(np.maximum(bias, 0) @ out + last)

    def raw(self, features: Matrix) -> Doubles:
        """Log-odds before calibration."""
        chance = self.model.predict_proba(self.shape(features))
        found: Doubles = np.log(chance[:, 1]) - np.log(chance[:, 0])
        return found

    def parts(self, features: Matrix) -> DoubleRows:
        """What each feature adds to `start`."""
        weight, bias, out, _ = self._weights()
        shaped = self.shape(features)
        moved = shaped @ weight
        change = np.maximum(moved + bias, 0) - np.maximum(bias, 0)
        still = np.abs(moved) <= STILL
        passed = np.where(still, bias > 0, change / np.where(still, 1.0, moved))
        found: DoubleRows = shaped * ((passed * out) @ weight.T)
        return found

    def graph(self) -> RawGraph:
        """Two layers, and the way back through them."""
        weight, bias, out, last = self._weights()
        size, units = weight.shape
        more = whole_lanes(units) - units
        weight = np.pad(weight, ((0, whole_lanes(size) - size), (0, more)))
        bias, out = np.pad(bias, (0, more)), np.pad(out, (0, more))
        shaped, constants = additive_parts(
            Additive(
                weight=self.shape.scale.astype(np.float32),
                centre=self.shape.mean.astype(np.float32),
                cap=self.shape.cap,
                bias=0.0,
                logarithmic=True,
                floor=self.shape.floor,
            ),
            "shaped_features",
        )
        constants |= {
            "layer": weight.astype(np.float32),
            "layer_back": np.ascontiguousarray(weight.T).astype(np.float32),
            "bias": bias.astype(np.float32),
            "quiet": np.maximum(bias, 0).astype(np.float32),
            "slope": (bias > 0).astype(np.float32),
            "out": out.astype(np.float32),
            "last": np.array([last], np.float32),
            "last_axis": np.array([1], np.int64),
            "still": np.array([STILL], np.float32),
            "zero": np.array([0], np.float32),
            "unit": np.array([1], np.float32),
        }
        hidden = [
            *shaped,
            helper.make_node("MatMul", ["shaped_features", "layer"], ["pushed"]),
            helper.make_node("Add", ["pushed", "bias"], ["sums"]),
            helper.make_node("Max", ["sums", "zero"], ["active"]),
        ]
        score = [
            *hidden,
            helper.make_node("Mul", ["active", "out"], ["said"]),
            helper.make_node("ReduceSum", ["said", "last_axis"], ["together"], keepdims=0),
            helper.make_node("Add", ["together", "last"], ["raw"]),
        ]
        explain = [
            *hidden,
            helper.make_node("Sub", ["active", "quiet"], ["change"]),
            helper.make_node("Abs", ["pushed"], ["far"]),
            helper.make_node("LessOrEqual", ["far", "still"], ["unit_is_still"]),
            helper.make_node("Where", ["unit_is_still", "unit", "pushed"], ["unit_divisor"]),
            helper.make_node("Div", ["change", "unit_divisor"], ["ratio"]),
            helper.make_node("Where", ["unit_is_still", "slope", "ratio"], ["passed"]),
            helper.make_node("Mul", ["passed", "out"], ["passed_out"]),
            helper.make_node("MatMul", ["passed_out", "layer_back"], ["multiplier"]),
            helper.make_node("Mul", ["shaped_features", "multiplier"], ["raw_parts"]),
        ]
        return RawGraph(size, score, explain, constants, self.start)

    def _weights(self) -> tuple[DoubleRows, Doubles, Doubles, float]:
        """Of the hidden layer [F, units] with its bias, and of the output with its."""
        (weight, out), (bias, last) = self.model.coefs_, self.model.intercepts_
        return weight, bias, out[:, 0], float(last[0])


def fit_network(name: str, recipe: Mapping[str, float], lesson: Lesson, variables: Variables, seed: int) -> Network:
    """Fits a set number of steps: where it stands then is judged like any other candidate."""
    shape = fit_shape(lesson.features, variables.emphasis)
    model = MLPClassifier(
        hidden_layer_sizes=(int(recipe["units"]),),
        alpha=recipe["alpha"],
        max_iter=max(20, UPDATES * BATCH // len(lesson.label)),
        batch_size=min(BATCH, len(lesson.label)),
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(shape(lesson.features), lesson.label, lesson.weight)
    return Network(name, shape, model)
