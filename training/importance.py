"""Importance: how much each feature moves scores, alone and with others of its signal, and what has changed.

The importance of a feature is the mean size of its contributions over a slice, as a share of all. Related features
share what they say, so the sum over a signal's features says more than any one of them.
"""

from collections import defaultdict
from typing import Any, Final

import numpy as np

from schemas.features import Feature, Landing, Profile, Sequence
from schemas.manifest import ModelManifest
from schemas.settings import Settings
from stream.core.fold import Matrix

MOVERS: Final = 5


def judge_importance(settings: Settings, contributions: Matrix, previous: ModelManifest | None) -> dict[str, Any]:
    """Shares by feature and by signal, the greatest first, and the shift against the previous model where there is one.
    `contributions` [N, F].
    """
    size = np.abs(contributions).mean(axis=0, dtype=np.float64)
    share = size / size.sum() if size.sum() > 0 else size
    features = {feature.name: float(share[f]) for f, feature in enumerate(settings.features)}
    signals: dict[str, float] = defaultdict(float)
    for f, feature in enumerate(settings.features):
        signals[source_of(feature)] += float(share[f])
    found: dict[str, Any] = {"features": _greatest_first(features), "signals": _greatest_first(signals)}
    if previous is not None:
        found["shift"] = _shift(previous.metrics.get("importance", {}).get("features"), found["features"])
    return found


def source_of(feature: Feature) -> str:
    """What a feature is made from: a signal, several, a profile field or the lead's own times."""
    if isinstance(feature, Profile):
        return f"profile field {feature.field}"
    if isinstance(feature, Landing):
        return "landing page"
    signals = feature.first + feature.then if isinstance(feature, Sequence) else getattr(feature, "signals", None)
    if signals is None:
        return feature.kind
    return " and ".join(dict.fromkeys(signals)) if signals else "all signals"


def _shift(before: dict[str, float] | None, now: dict[str, float]) -> dict[str, Any] | None:
    """moved: the part of all importance that went from some features to others, 0 to 1. None where the previous model
    recorded no importance.
    """
    if not before:
        return None
    change = {name: now.get(name, 0.0) - before.get(name, 0.0) for name in sorted({*before, *now})}
    movers = sorted(change, key=lambda name: -abs(change[name]))[:MOVERS]
    return {
        "moved": round(sum(map(abs, change.values())) / 2, 6),
        "features": {name: round(change[name], 6) for name in movers},
    }


def _greatest_first(share: dict[str, float]) -> dict[str, float]:
    return {name: round(share[name], 6) for name in sorted(share, key=lambda each: (-share[each], each))}
