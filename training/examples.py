"""Leads as examples: what a score is made of, by signal, in words and in points of the score."""

from collections import defaultdict
from typing import Any, Final

import numpy as np

from schemas.settings import Settings
from stream.core.features import Vector
from stream.core.wording import Wording
from training.arrays import Doubles
from training.importance import source_of
from training.likelihood import probability
from training.parity import Files
from training.snapshots import Snapshots

PLACES: Final = {
    "the highest score": 0.0,
    "a score at the edge of the highest tenth": 0.1,
    "a score in the middle": 0.5,
}
"""Shares of the snapshots, by score, that stand above each example."""
NAMED: Final = 6


def examples(settings: Settings, test: Snapshots, log_odds: Vector, files: Files) -> list[dict[str, Any]]:
    """One entry for each of PLACES. score and start are from 0 to 100: what the lead has, and what the baseline alone
    gives. signals: the strongest first, each with words, log-odds and points; others: the points of the rest.
    """
    order = np.argsort(-log_odds, kind="stable")
    rows = test.features[order[[min(int(share * len(order)), len(order) - 1) for share in PLACES.values()]]]
    wording = Wording(settings)
    coarse, found = wording.coarse(rows), files.contributions(rows).astype(np.float64)
    told = []
    for row, place in enumerate(PLACES):
        contributions, start = found[row, :-1], float(found[row, -1])
        point = points_of(contributions, start)
        groups = _by_signal(settings, contributions)
        weight = {name: abs(float(contributions[places].sum())) for name, places in groups.items()}
        signals: list[dict[str, Any]] = []
        for name in sorted(groups, key=lambda name: (-weight[name], name))[:NAMED]:
            strongest = max(groups[name], key=lambda f: float(abs(contributions[f])))
            signals.append(
                {
                    "signal": name,
                    "text": wording.describe(strongest, float(coarse[row, strongest])),
                    "log_odds": round(float(contributions[groups[name]].sum()), 4),
                    "points": round(float(point[groups[name]].sum()), 2),
                }
            )
        told.append(
            {
                "place": place,
                "score": round(_score(start + contributions.sum()), 2),
                "start": round(_score(start), 2),
                "signals": signals,
                "others": round(float(point.sum() - sum(each["points"] for each in signals)), 2),
            }
        )
    return told


def points_of(contributions: Doubles, start: float) -> Doubles:
    """Contributions in points of the score: in proportion to their log-odds, and summing to what the score is above
    that of `start`, the log-odds of the baseline.
    """
    total = float(contributions.sum())
    before, after = _score(start), _score(start + total)
    if abs(total) < 1e-9:  # the slope of the score at one place, for want of two
        return contributions * before * (1 - before / 100)
    found: Doubles = contributions * ((after - before) / total)
    return found


def _by_signal(settings: Settings, contributions: Doubles) -> dict[str, list[int]]:
    """Places of the features that contribute, by what they are made from."""
    groups: dict[str, list[int]] = defaultdict(list)
    for f, feature in enumerate(settings.features):
        if contributions[f]:
            groups[source_of(feature)].append(f)
    return groups


def _score(log_odds: float) -> float:
    """From 0 to 100."""
    return 100 * float(probability(np.array(log_odds)))
