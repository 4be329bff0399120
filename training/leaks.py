"""Leaks: features that know the outcome because they follow from it. Each finding names the feature and its evidence.

A feature is suspected for what it does (alone it orders leads better than the future can be known; it shows for one
class only) and for what it is called (status, stage, close date, owner: fields that people fill in once they know). A
name alone is no proof: it blocks where the values, too, tell the classes apart.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from schemas import features
from schemas.features import Feature
from schemas.settings import Settings
from schemas.signals import Signal
from stream.core.features import Vector
from stream.core.lead import Ints
from training.ranking import auc
from training.snapshots import Snapshots

IMPLAUSIBLE_AUC: Final = 0.95
IMPLAUSIBLE_LOW: Final = 0.9
"""An interval that lies wholly above this is as implausible."""
TELLING_RATE: Final = 0.9
TELLING_LEADS: Final = 20
BY_CHANCE: Final = 1e-6
NORMAL_95: Final = 1.959964

POST_OUTCOME: Final = {
    "status": "a status",
    "stage": "a stage",
    "lifecycle": "a stage of the life cycle",
    "owner": "an owner",
    "assignee": "an owner",
    "assigned": "an owner",
    "close": "a close date",
    "closed": "a close date",
    "won": "a deal's end",
    "lost": "a deal's end",
}
"""Words in the names of what is filled in once the outcome is known, and what they stand for."""
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class Leak:
    """A suspicion. blocked: the evidence is enough to refuse the feature; warned: somebody should look."""

    feature: str
    verdict: Literal["blocked", "warned"]
    sentence: str


@dataclass(frozen=True)
class Strength:
    """How well one feature alone orders leads: an AUC of .5 and more, whichever way it points, with a 95% interval."""

    auc: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"an AUC of {self.auc:.3f} ({self.low:.3f} to {self.high:.3f})"


def telling_features(names: Sequence[str], train: Snapshots) -> list[Leak]:
    """Features whose values alone give the outcome away, those that block first.

    `names`: those of the columns of `train`, which must have both classes; an empty one stands for a feature that no
    model may use.
    """
    found = [leak for f, name in enumerate(names) if name for leak in _telling(name, train.features[:, f], train)]
    return sorted(found, key=lambda leak: leak.verdict != "blocked")


def named_features(named: Mapping[str, Sequence[str]], names: Sequence[str], train: Snapshots) -> list[Leak]:
    """Features that are called like what is filled in once the outcome is known (`post_outcome_names`), with what their
    values tell; those that block first.
    """
    found = [
        _called(name, named[name], strength(train.features[:, f], train))
        for f, name in enumerate(names)
        if named.get(name)
    ]
    return sorted(found, key=lambda leak: leak.verdict != "blocked")


def strength(values: Vector, train: Snapshots) -> Strength:
    """The interval is Hanley and McNeil's (1982) with leads, not snapshots, as the sizes of the classes."""
    area = auc(values.astype(np.float64), train.label)
    area = max(area, 1 - area)
    ones, zeros = _leads(train, train.label == 1), _leads(train, train.label == 0)
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (ones - 1) * (first - area**2) + (zeros - 1) * (second - area**2)
    reach = NORMAL_95 * math.sqrt(max(variance, 0.0) / (ones * zeros))
    return Strength(area, max(0.0, area - reach), min(1.0, area + reach))


def post_outcome_names(feature: Feature, settings: Settings) -> list[str]:
    """Why the names behind a feature say that it is filled in once the outcome is known; none where they do not."""
    signals = {signal.name: signal for signal in settings.observed.signals}
    named = [feature.name]
    if isinstance(feature, features.Profile):
        named.append(feature.field)
    elif isinstance(feature, features.Sequence):
        named += _of_signals(signals[name] for name in (*feature.first, *feature.then))
    elif not isinstance(feature, features.Tenure | features.Landing):
        named += _of_signals(signals[name] for name in feature.signals)
    found: dict[str, str] = {}
    for name in named:
        for word in _WORDS.findall(name):
            if meaning := POST_OUTCOME.get(word.lower()):
                found.setdefault(meaning, f"{name} is named like {meaning}")
    return list(found.values())


def _of_signals(signals: Iterable[Signal]) -> list[str]:
    """The names that a signal is recognised by, its properties' included."""
    found = []
    for signal in signals:
        found += [
            signal.name,
            *(way.name for way in signal.match),
            *(name for way in signal.match for name in way.properties),
        ]
    return found


def _telling(name: str, values: Vector, train: Snapshots) -> list[Leak]:
    alone = strength(values, train)
    remedy = f"if its signal follows from the conversion, leave {name} out"
    if alone.auc >= IMPLAUSIBLE_AUC or alone.low >= IMPLAUSIBLE_LOW:
        return [Leak(name, "blocked", f"{name} alone has {alone} (the limit is {IMPLAUSIBLE_AUC}): {remedy}")]
    if text := _shows_for_converting(name, values, train):
        return [Leak(name, "blocked", f"{text}: {remedy}")]
    if text := _shows_for_others(name, values, train):
        return [Leak(name, "warned", f"{text}: be sure that it does not follow from the outcome")]
    return []


def _called(name: str, reasons: Sequence[str], alone: Strength) -> Leak:
    text = f"{name}: {' and '.join(reasons)}, which is filled in once the outcome is known; alone it has {alone}"
    if alone.low > 0.5:
        return Leak(name, "blocked", f"{text}: leave {name} out")
    return Leak(name, "warned", f"{text}, so it tells nothing here: leave it out all the same")


def _shows_for_converting(name: str, values: Vector, train: Snapshots) -> str:
    """Evidence that nearly everybody who has it converts."""
    shows = values != 0
    if not shows.any():
        return ""
    leads, rate, base = _leads(train, shows), float(train.label[shows].mean()), float(train.label.mean())
    certain = rate == 1 and base**leads < BY_CHANCE
    if leads >= TELLING_LEADS and (certain or (rate >= TELLING_RATE and base < 0.5)):
        return (
            f"{name} is not zero for {leads} leads, in {int(shows.sum())} snapshots of which {rate:.1%} convert "
            f"(of all {base:.1%})"
        )
    return ""


def _shows_for_others(name: str, values: Vector, train: Snapshots) -> str:
    """Evidence that nobody who has it converts, beyond chance."""
    shows = values != 0
    leads, base = _leads(train, shows), float(train.label.mean())
    if not shows.any() or train.label[shows].any() or (1 - base) ** leads >= BY_CHANCE:
        return ""
    return f"{name} is not zero for {leads} leads, none of whom converts"


def _leads(train: Snapshots, of: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    lead: Ints = train.lead[of]
    return len(np.unique(lead))
