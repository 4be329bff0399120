"""Drift: how far the later leads are from those trained on, feature by feature.

The population stability index over bins k with shares a_k then and b_k now is sum (b_k - a_k) ln(b_k / a_k). Below .1
is little, above .25 much (Siddiqi, 2006). Shares then are weighted so that each moment has the part that it has now:
the latest leads have been seen at fewer moments, and that alone is no drift.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from stream.core.features import Vector
from stream.core.lead import Ints
from training.arrays import Doubles
from training.snapshots import Snapshots

BINS: Final = 10
LEAST: Final = 1e-4
"""The share that an empty bin is taken to have."""
MUCH: Final = 0.25


def judge_drift(
    then: Snapshots, now: Snapshots, names: Sequence[str], score_then: Vector, score_now: Vector
) -> dict[str, Any]:
    """The index of each feature and of the score, with edges and shares of the bins, by which a later slice can be
    compared with these leads again.
    """
    weight = _like(then.day, now.day)
    features = {name: _compare(then.features[:, f], now.features[:, f], weight) for f, name in enumerate(names)}
    return {"score": _compare(score_then, score_now, weight), "features": features}


def stability_index(then: Doubles, now: Doubles) -> float:
    """Of two lists of shares."""
    a, b = np.maximum(then, LEAST), np.maximum(now, LEAST)
    return float(((b - a) * np.log(b / a)).sum())


def shares(values: Vector, edges: Vector, weight: Doubles) -> Doubles:
    """How much lies at or below the first edge, between each two (the upper included) and above the last."""
    place = np.searchsorted(edges, values, side="left")
    found: Doubles = np.bincount(place, weight, len(edges) + 1) / weight.sum()
    return found


def _compare(then: Vector, now: Vector, weight: Doubles) -> dict[str, Any]:
    """Edges at the tenths of what was then, fewer where values are equal."""
    edges = np.unique(np.quantile(then, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    before, after = shares(then, edges, weight), shares(now, edges, np.ones(len(now)))
    return {
        "psi": round(stability_index(before, after), 6),
        "edges": [float(edge) for edge in edges.astype(np.float32)],
        "then": [round(float(share), 6) for share in before],
        "now": [round(float(share), 6) for share in after],
    }


def _like(then: Ints, now: Ints) -> Doubles:
    """Weights that give each moment the share that it has now, over those that there were then."""
    days, place = np.unique(then, return_inverse=True)
    wanted = np.array([np.mean(now == day) for day in days.tolist()])
    if not wanted.any():
        return np.ones(len(then))
    found: Doubles = (wanted / np.bincount(place))[place]
    return found
