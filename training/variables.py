"""Which features a candidate may use, which way each may point, and how readily it is used."""

from dataclasses import dataclass

import numpy as np

from schemas.learning import Family
from schemas.settings import Settings
from stream.core.fold import Matrix
from stream.core.lead import Flags, Ints
from training.arrays import Doubles
from training.refusal import TrainingRefused


@dataclass(frozen=True)
class Variables:
    """A place for each feature. used: whether it may be. direction: 1 where more of it may only raise a score, -1 where
    it may only lower one, else 0. emphasis: 1, or more where it is to be used more readily.
    """

    used: Flags
    direction: Ints
    emphasis: Doubles

    def hide(self, features: Matrix) -> Matrix:
        """The rows with nothing in what may not be used, so that no fit can tell leads apart by it."""
        hidden = features.copy()
        hidden[:, ~self.used] = 0
        return hidden


def free(size: int) -> Variables:
    """So many features without any rule."""
    return Variables(np.ones(size, np.bool_), np.zeros(size, np.int64), np.ones(size))


def variables_of(settings: Settings) -> Variables:
    """The settings' rules. Raises TrainingRefused where nothing is left to learn from."""
    names = [feature.name for feature in settings.features]
    learning = settings.learning
    included = set(learning.include or names) - set(learning.exclude)
    if not included:
        raise TrainingRefused("learning.exclude leaves no feature to learn from: name fewer")
    sign = {"rising": 1, "falling": -1}
    return Variables(
        used=np.array([name in included for name in names], np.bool_),
        direction=np.array([sign.get(learning.monotone.get(name, ""), 0) for name in names], np.int64),
        emphasis=np.array([learning.weights.get(name, 1.0) for name in names]),
    )


def cannot_honour(family: Family, variables: Variables) -> str:
    """Why a family cannot keep these rules; empty where it can."""
    if family == "neural_network" and variables.direction.any():
        return "it cannot be held to features that only raise or only lower a score"
    if family in ("gradient_boosting", "random_forest") and (variables.emphasis != 1).any():
        return "trees have no penalty on features that a weight could ease"
    return ""
