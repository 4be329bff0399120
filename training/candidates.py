"""The candidates: recipes of four families, fitted with scikit-learn in 64 bits on 32-bit rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.learning import Balance, Family
from training.balance import lesson
from training.families.boosted import RECIPES as BOOSTED
from training.families.boosted import Boosted, fit_boosted
from training.families.forest import RECIPES as FOREST
from training.families.forest import Forest, fit_forest
from training.families.logistic import RECIPES as LOGISTIC
from training.families.logistic import Logistic, fit_logistic
from training.families.network import RECIPES as NETWORK
from training.families.network import Network, fit_network
from training.snapshots import Snapshots
from training.variables import Variables

Candidate = Logistic | Boosted | Forest | Network

RECIPES: Final[dict[Family, Sequence[Mapping[str, float]]]] = {
    "logistic": LOGISTIC,
    "gradient_boosting": BOOSTED,
    "random_forest": FOREST,
    "neural_network": NETWORK,
}
"""By family, the first of which is taken where nothing is tuned."""


@dataclass(frozen=True)
class Recipe:
    """How to fit a candidate."""

    family: Family
    settings: Mapping[str, float]
    balance: Balance = "none"

    @property
    def name(self) -> str:
        """What people call it."""
        told = [self.family.replace("_", " "), *(f"{name} {value:g}" for name, value in self.settings.items())]
        return ", ".join(told if self.balance == "none" else [*told, self.balance.replace("_", " ")])


def fit(recipe: Recipe, train: Snapshots, variables: Variables, seed: int) -> Candidate:
    """The candidate: the same rows and seed give the same one."""
    rows = lesson(variables.hide(train.features), train.label, recipe.balance, seed)
    name, settings = recipe.name, recipe.settings
    match recipe.family:
        case "logistic":
            return fit_logistic(name, settings, rows, variables)
        case "gradient_boosting":
            return fit_boosted(name, settings, rows, variables, seed)
        case "random_forest":
            return fit_forest(name, settings, rows, variables, seed)
        case "neural_network":
            return fit_network(name, settings, rows, variables, seed)
