"""Settings of learning: which candidates are fitted, how much work their tuning may be, and what they may use."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.signals import Slug
from schemas.strict import Setting

Family = Literal["logistic", "gradient_boosting", "random_forest", "neural_network"]
Balance = Literal["none", "class_weights", "smote"]
Direction = Literal["rising", "falling"]


class Learning(Setting):
    """What the training job tries. The worker reads none of it."""

    candidates: Annotated[tuple[Family, ...], Field(min_length=1, examples=[["logistic", "gradient_boosting"]])] = (
        "logistic",
        "gradient_boosting",
        "random_forest",
        "neural_network",
    )
    """The families of models that compete; the rules scorecard is always judged beside them."""
    budget: Annotated[int, Field(ge=0, le=1_000_000_000, examples=[500000])] = 200_000
    """How much tuning may be, in rows: each fit on a fold costs as many as it is fitted on. A number of rows and not of
    seconds, so that the same command gives the same model; 0 takes each family's first recipe without tuning."""
    balance: Annotated[tuple[Balance, ...], Field(min_length=1, examples=[["none", "class_weights"]])] = ("none",)
    """Ways to make up for few conversions, each tried on every family's best recipe: `class_weights`, or `smote`, which
    makes up rows and needs imbalanced-learn. Probabilities are calibrated on leads as they come, whatever is taken."""
    include: Annotated[tuple[Slug, ...], Field(examples=[["pricing_views_48h", "logins_7d"]])] = ()
    """The only features that a model may use; none named, all."""
    exclude: Annotated[tuple[Slug, ...], Field(examples=[["in_software"]])] = ()
    """Features that no model may use; the rules may."""
    monotone: Annotated[dict[Slug, Direction], Field(examples=[{"pricing_views_48h": "rising"}])] = {}
    """Features more of which may only raise a score, or only lower it."""
    weights: Annotated[dict[Slug, Annotated[float, Field(gt=0, le=100)]], Field(examples=[{"logins_7d": 2}])] = {}
    """How much more readily a feature is used than others, 1 being the rule: its penalty is divided by the square of
    this. Trees have no penalty on features and are left out where a weight is given."""

    @model_validator(mode="after")
    def _once(self) -> "Learning":
        for name in ("candidates", "balance", "include", "exclude"):
            given = getattr(self, name)
            if len(set(given)) != len(given):
                raise ValueError(f"{name} names one twice")
        if both := sorted(set(self.include) & set(self.exclude)):
            raise ValueError(f"both included and excluded: {', '.join(both)}")
        return self

    @property
    def named(self) -> set[str]:
        """Every feature that is named here."""
        return {*self.include, *self.exclude, *self.monotone, *self.weights}
