"""Features as logistic models and networks see them: held to what training saw, by orders of magnitude, standardised.

shaped x = emphasis x (g(x) - mean) / deviation, with g(x) = sign(x) log(1 + |x|) and x held between the least and the
most that training saw. A worker meets what training did not, such as a lead's first minutes; a straight line would run
on without end.
"""

from dataclasses import dataclass

import numpy as np

from stream.core.features import Vector
from stream.core.fold import Matrix
from training.arrays import DoubleRows, Doubles

SAME = 1e-12
"""A deviation below this is none: the feature says nothing."""


@dataclass(frozen=True)
class Shape:
    """A place for each feature; `scale` is emphasis / deviation, or 0 where the feature says nothing."""

    floor: Vector
    cap: Vector
    mean: Doubles
    scale: Doubles

    def __call__(self, features: Matrix) -> DoubleRows:
        """Shaped features [N, F]."""
        found: DoubleRows = (_orders(np.clip(features, self.floor, self.cap)) - self.mean) * self.scale
        return found


def fit_shape(features: Matrix, emphasis: Doubles) -> Shape:
    """The shape that these rows ask for."""
    orders = _orders(features)
    deviation = orders.std(axis=0)
    says = deviation > SAME
    scale = np.where(says, emphasis / np.where(says, deviation, 1.0), 0.0)
    return Shape(features.min(axis=0), features.max(axis=0), orders.mean(axis=0), scale)


def _orders(features: Matrix) -> DoubleRows:
    wide = features.astype(np.float64)
    found: DoubleRows = np.sign(wide) * np.log1p(np.abs(wide))
    return found
