"""Settings of the rules scorecard, which scores from the first day, before there is anything to learn from."""

from typing import Annotated

from pydantic import Field

from schemas.signals import Slug
from schemas.strict import Setting


class Rule(Setting):
    """Points for one feature."""

    feature: Annotated[Slug, Field(examples=["pricing_views_48h"])]
    """The feature's name."""
    points: Annotated[float, Field(examples=[10])]
    """Points for each unit of it; negative ones take away. Decay comes with the feature: use an intensity."""
    most: Annotated[float, Field(gt=0, examples=[3])] = 1.0
    """Units beyond this add nothing."""


class Scorecard(Setting):
    """Points, and what they mean as a probability."""

    base_probability: Annotated[float, Field(gt=0, lt=1, examples=[0.02])] = 0.02
    """The probability of a lead without points."""
    double_odds: Annotated[float, Field(gt=0, examples=[20])] = 20.0
    """How many points double the odds."""
    tiers: Annotated[tuple[float, ...], Field(min_length=1, max_length=8, examples=[[80, 40]])] = (80.0, 40.0)
    """Points at which the tiers above the lowest begin, the highest first: as many as `tiers.above` has."""
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    """The rules; one feature, one rule."""
