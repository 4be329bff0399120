"""Figures of a judgement, with 95% intervals from resampled leads.

A lead has several snapshots and is drawn with all of them: they are not independent. Ties in the score count by
halves in the AUC and by their share in the top 10%.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stream.core.lead import Ints
from training.calibration import logistic_line, offset, probability
from training.candidates import Doubles
from training.snapshots import Snapshots

RESAMPLES: Final = 400
TOP: Final = 0.1
BINS: Final = 10
DECIMALS: Final = 6

Figure = dict[str, float]


@dataclass(frozen=True)
class _Scored:
    """Snapshots with their log-odds; `rank` is 0 for the highest score, equal for equal ones."""

    label: Ints
    log_odds: Doubles
    probability: Doubles
    rank: Ints


def judge(snapshots: Snapshots, log_odds: Doubles, seed: int) -> dict[str, Any]:
    """Counts and figures of one slice; counts alone where it has one class."""
    members, place = np.unique(snapshots.lead, return_inverse=True)
    found: dict[str, Any] = {
        "snapshots": len(snapshots),
        "leads": len(members),
        "conversions": int(snapshots.label.sum()),
    }
    if not 0 < snapshots.label.sum() < len(snapshots):
        return found
    _, rank = np.unique(-log_odds, return_inverse=True)
    scored = _Scored(snapshots.label, log_odds, probability(log_odds), rank.astype(np.int64))
    values = _figures(scored, np.ones(len(snapshots)), (1.0, 0.0))
    line = (values["calibration_slope"], 0.0)
    random = np.random.default_rng(seed)
    drawn: list[dict[str, float]] = []
    for _ in range(RESAMPLES):
        times = np.bincount(random.integers(len(members), size=len(members)), minlength=len(members))
        weight = times[place].astype(np.float64)
        if 0 < weight @ snapshots.label < weight.sum():
            drawn.append(_figures(scored, weight, line))
    for name, value in values.items():
        low, high = np.percentile([each[name] for each in drawn], (2.5, 97.5))
        found[name] = {"value": _rounded(value), "low": _rounded(low), "high": _rounded(high)}
    found["reliability"] = _reliability(scored)
    return found


def judge_by_day(snapshots: Snapshots, log_odds: Doubles, seed: int) -> dict[str, Any]:
    """The slice as a whole, and each moment by itself under `by_day`."""
    whole = judge(snapshots, log_odds, seed)
    whole["by_day"] = {
        str(day): judge(snapshots.of(snapshots.day == day), log_odds[snapshots.day == day], seed)
        for day in np.unique(snapshots.day).tolist()
    }
    return whole


def auc(score: Doubles, label: Ints) -> float:
    """The chance that a converted snapshot scores higher than another one."""
    _, rank = np.unique(-score, return_inverse=True)
    return _ranking(rank.astype(np.int64), label, np.ones(len(score)))["auc"]


def _figures(scored: _Scored, weight: Doubles, start: tuple[float, float]) -> dict[str, float]:
    label, total = scored.label, float(weight.sum())
    rate = float(weight @ label) / total
    brier = float(weight @ (scored.probability - label) ** 2) / total
    loss = float(weight @ np.logaddexp(0.0, np.where(label == 1, -scored.log_odds, scored.log_odds))) / total
    slope, _ = logistic_line(scored.log_odds, label.astype(np.float64), weight, start)
    return _ranking(scored.rank, label, weight) | {
        "base_rate": rate,
        "brier": brier,
        "brier_skill": 1 - brier / (rate * (1 - rate)),
        "log_loss": loss,
        "calibration_slope": slope,
        "calibration_intercept": offset(scored.log_odds, label, weight),
    }


def _ranking(rank: Ints, label: Ints, weight: Doubles) -> dict[str, float]:
    """Figures that depend on the order alone."""
    ones = np.bincount(rank, weight * label)
    zeros = np.bincount(rank, weight * (1 - label))
    seen_ones, seen_zeros = np.cumsum(ones), np.cumsum(zeros)
    all_ones, all_zeros = float(seen_ones[-1]), float(seen_zeros[-1])
    wanted = TOP * (all_ones + all_zeros)
    precision = np.divide(seen_ones, seen_ones + seen_zeros, out=np.zeros(len(ones)), where=seen_ones + seen_zeros > 0)
    hits = float(np.interp(wanted, np.append(0.0, seen_ones + seen_zeros), np.append(0.0, seen_ones)))
    return {
        "auc": float(ones @ (all_zeros - seen_zeros + zeros / 2)) / (all_ones * all_zeros),
        "average_precision": float(ones @ precision) / all_ones,
        "precision_top_10": hits / wanted,
        "lift_top_10": hits / wanted / (all_ones / (all_ones + all_zeros)),
    }


def _reliability(scored: _Scored) -> list[dict[str, float]]:
    """Tenths of the snapshots by score, the highest first: what was said and what happened."""
    order = np.argsort(-scored.log_odds, kind="stable")
    return [
        {
            "snapshots": len(part),
            "predicted": _rounded(scored.probability[part].mean()),
            "observed": _rounded(scored.label[part].mean()),
        }
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)
