"""Numbers that only a picture needs: how scores are spread, and how leads and conversions came over time."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from schemas.times import DAY, format_time
from stream.core.features import Vector
from training.arrays import Doubles
from training.figures import resamples
from training.likelihood import probability
from training.parity import Files
from training.ranking import ranking_figures, ranks
from training.snapshots import Snapshots
from training.split import Slices

BARS: Final = 40
FEW: Final = 10
"""Conversions, and others, below which a month has no AUC."""
WEEK: Final = 7 * DAY
MONDAY: Final = 4 * DAY
"""The first Monday since 1970."""


def score_histogram(snapshots: Snapshots, log_odds: Vector) -> dict[str, Any]:
    """Snapshots by log-odds: edges of the bars, one more than there are, and how many convert in each and how many do
    not.
    """
    edges = np.linspace(float(log_odds.min()), float(log_odds.max()), BARS + 1)
    ones, zeros = (np.histogram(log_odds[snapshots.label == each], edges)[0].tolist() for each in (1, 0))
    return {"edges": [round(float(edge), 4) for edge in edges], "converting": ones, "others": zeros}


def weeks(slices: Slices, files: Files) -> list[dict[str, Any]]:
    """By slice and week of the first event (beginning on Monday): leads, snapshots, what was said and what happened."""
    found = []
    for name, part, log_odds in _scored(slices, files):
        week = (part.first - MONDAY) // WEEK
        for number in np.unique(week).tolist():
            mine = week == number
            when = {"slice": name, "week": format_time(number * WEEK + MONDAY)[:10]}
            found.append(when | _content(part.of(mine), log_odds[mine]))
    return found


def months(slices: Slices, files: Files, seed: int) -> list[dict[str, Any]]:
    """By slice and month of the first event: the same, and the AUC with its 95% interval, None below FEW."""
    found = []
    for name, part, log_odds in _scored(slices, files):
        month = part.first.astype("datetime64[ms]").astype("datetime64[M]")
        for each in np.unique(month):
            mine = month == each
            when = {"slice": name, "month": str(each)}
            area = _auc(part.of(mine), log_odds[mine], seed)
            found.append(when | _content(part.of(mine), log_odds[mine]) | {"auc": area})
    return found


def _scored(slices: Slices, files: Files) -> Iterator[tuple[str, Snapshots, Doubles]]:
    for name, part in (("train", slices.train), ("calibration", slices.calibration), ("test", slices.test)):
        yield name, part, files.log_odds(part.features).astype(np.float64)


def _content(part: Snapshots, log_odds: Doubles) -> dict[str, Any]:
    return {
        "leads": len(np.unique(part.lead)),
        "snapshots": len(part),
        "predicted": round(float(probability(log_odds).mean()), 6),
        "observed": round(float(part.label.mean()), 6),
    }


def _auc(part: Snapshots, log_odds: Doubles, seed: int) -> dict[str, float] | None:
    ones = int(part.label.sum())
    if not FEW <= ones <= len(part) - FEW:
        return None
    rank = ranks(log_odds)
    drawn = [ranking_figures(rank, part.label, weight)["auc"] for weight in resamples(part, seed)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    value = ranking_figures(rank, part.label, np.ones(len(part)))["auc"]
    return {"value": round(value, 6), "low": round(float(low), 6), "high": round(float(high), 6)}
