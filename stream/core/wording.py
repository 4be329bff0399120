"""Features and signals in the words of a sales rep."""

from collections.abc import Sequence as Several
from functools import lru_cache
from typing import Final

import numpy as np

from schemas.features import (
    ActiveDays,
    Breadth,
    Count,
    Intensity,
    Landing,
    PerVisit,
    Profile,
    Recency,
    Sequence,
    Sum,
    Tenure,
    Velocity,
)
from schemas.settings import Settings
from schemas.times import format_duration
from stream.core.features import HOURS_LIMIT
from stream.core.fold import Matrix

_AT_MOST: Final = 2
_Fraction = Velocity | Sum | PerVisit | Intensity
_Active = Velocity | Count | Sum | ActiveDays | Breadth | PerVisit | Intensity


class Wording:
    """Puts values into words, by the labels of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._features = settings.features
        self.describe = lru_cache(maxsize=65_536)(self._describe)
        """The feature at a place with its value, for example `3 pricing-page views in 48h`."""
        self._labels = {signal.name: signal.label for signal in settings.observed.signals}
        self._ages = [place for place, feature in enumerate(settings.features) if isinstance(feature, Recency | Tenure)]
        self._fractions = [place for place, feature in enumerate(settings.features) if isinstance(feature, _Fraction)]

    def coarse(self, features: Matrix) -> Matrix:
        """N vectors as coarse as their words, so that few different values have to be put into words."""
        ages = features[:, self._ages].astype(np.float64)
        days = np.rint(ages / 24)
        # The last value in words of hours is 47: the 48th is two days. 90 days and the limit are one number.
        said = np.where(ages >= 24 * _AT_MOST, np.minimum(24 * days, HOURS_LIMIT - 1), np.minimum(np.rint(ages), 47.9))
        found = features.copy()
        found[:, self._ages] = np.where(ages >= HOURS_LIMIT, HOURS_LIMIT, np.where(ages < 1, 0, said))
        # Tenths are exact to the last bit of the text: the product of a 32-bit number and ten has room in 64 bits.
        found[:, self._fractions] = np.rint(features[:, self._fractions].astype(np.float64) * 10) / 10
        return found

    def _describe(self, place: int, value: float) -> str:
        feature = self._features[place]
        if isinstance(feature, Recency | Tenure):
            return self._lasting(feature, value)
        if isinstance(feature, Profile):
            return self._profile(feature, value)
        if isinstance(feature, Sequence):
            then = f"{self._one(feature.first)} then {self._one(feature.then)} within {format_duration(feature.within)}"
            return then if value else f"no {then}"
        if isinstance(feature, Landing):
            return f"{'first' if value else 'not first'} seen on a {feature.page} page"
        return self._active(feature, value)

    def _active(self, feature: _Active, value: float) -> str:
        number = f"{value:.1f}".removesuffix(".0")
        if isinstance(feature, Velocity):
            return f"{self._many(feature, 2)} at {value:.1f} times the usual pace"
        span = format_duration(feature.window)
        if isinstance(feature, Count):
            return f"{number} {self._many(feature, value)} in {span}"
        if isinstance(feature, ActiveDays):
            return f"{self._many(feature, 2)} on {number} day{'' if value == 1 else 's'} of {span}"
        if isinstance(feature, Breadth):
            kind = "channel" if feature.of == "channels" else "behaviour"
            return f"{number} {kind} in {span}" if value == 1 else f"{number} different {kind}s in {span}"
        if isinstance(feature, Sum):
            return f"{number} in all from {self._many(feature, 2)} in {span}"
        if isinstance(feature, PerVisit):
            return f"{number} {self._many(feature, value)} a visit in {span}"
        return f"{self._many(feature, 2)} lately, weighing {number}"

    def _lasting(self, feature: Recency | Tenure, value: float) -> str:
        days = value / 24
        hours = "an hour" if round(value) == 1 else f"{value:.0f} hours"
        age = f"{days:.0f} days" if days >= _AT_MOST else hours if value >= 1 else "less than an hour"
        if isinstance(feature, Tenure):
            return f"known for {age}"
        if value >= HOURS_LIMIT:
            return f"no {self._one(feature.signals, feature.label)} so far"
        return f"last {self._one(feature.signals, feature.label)} {age} ago"

    def _profile(self, feature: Profile, value: float) -> str:
        name = feature.field.replace("_", " ")
        if feature.equals is None:
            return f"{name} {value:g}"
        return f"{name} {'is' if value else 'is not'} {feature.equals.replace('_', ' ')}"

    def _one(self, signals: Several[str], label: str | None = None) -> str:
        return label or (" or ".join(self._labels[name] for name in signals) if signals else "activity")

    def _many(self, feature: _Active, number: float) -> str:
        labels = [feature.label] if feature.label else [self._labels[name] for name in feature.signals] or ["event"]
        return " or ".join(labels if number == 1 else [_plural(label) for label in labels])


def _plural(label: str) -> str:
    if label.endswith("y") and not label.endswith(("ay", "ey", "oy", "uy")):
        return f"{label[:-1]}ies"
    return f"{label}es" if label.endswith(("s", "sh", "ch", "x")) else f"{label}s"
