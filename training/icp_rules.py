"""The ideal customer profile as a fragment of a scorecard: points for values whose lift is not chance."""

import math
import re
from typing import Any, Final

from schemas.features import Profile as ProfileFeature
from schemas.settings import Settings
from training.icp import OTHER, UNKNOWN, Profile, Trait

_LONGEST: Final = 48


def rule_file(settings: Settings, profile: Profile) -> dict[str, Any]:
    """Sections to merge into a settings file: features that are missing, and a rule for each value of a category that
    won leads have more or less often than others.

    Points are the log-odds ratio in the scorecard's own unit: points = ratio x double_odds / ln 2. Bands of numbers
    have no rule, as a scorecard knows no bands. Existing rules for the same features are to be replaced.
    """
    wanted = {
        (feature.field, feature.equals): feature.name
        for feature in settings.features
        if isinstance(feature, ProfileFeature) and feature.equals is not None
    }
    features: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    for trait in profile.won:
        points = round(trait.log_odds_ratio * settings.scorecard.double_odds / math.log(2))
        if trait.kind != "category" or trait.value in (OTHER, UNKNOWN) or not trait.tells or points == 0:
            continue
        name = wanted.get((trait.field, trait.value))
        if name is None:
            name = _name(trait, {feature.name for feature in settings.features} | {each["name"] for each in features})
            features.append({"name": name, "kind": "profile", "field": trait.field, "equals": trait.value})
        rules.append({"feature": name, "points": points})
    return {"features": features, "scorecard": {"rules": rules}}


def _name(trait: Trait, taken: set[str]) -> str:
    """A name for the feature that none has yet."""
    words = re.sub(r"[^a-z0-9]+", "_", f"{trait.field}_is_{trait.value}".lower()).strip("_")
    name = words[:_LONGEST] if words[:1].isalpha() else f"profile_{words}"[:_LONGEST]
    number = 2
    while name in taken:
        name = f"{name[: _LONGEST - 3].rstrip('_')}_{number}"
        number += 1
    return name
