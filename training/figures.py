"""Figures of a judgement, with 95% intervals from resampled leads.

A lead has several snapshots and is drawn with all of them: they are not independent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from schemas.manifest import ModelTiers
from stream.core.lead import Flags, Ints
from training.arrays import Doubles
from training.likelihood import logistic_line, losses, offset, probability
from training.ranking import AucWithin, gain, ranking_figures, ranks, tier_figures
from training.reliability import (
    DECIMALS,
    Bins,
    binned,
    expected_calibration_error,
    reliability_curve,
    reliability_figures,
)
from training.snapshots import Snapshots

RESAMPLES: Final = 400
NO_TIERS: Final = ModelTiers(above=(), lowest="")

Figure = dict[str, float]


@dataclass(frozen=True)
class _Scored:
    """Snapshots with their log-odds; the members of each tier or a higher one."""

    label: Ints
    log_odds: Doubles
    probability: Doubles
    rank: Ints
    bins: Bins
    above: dict[str, Flags]


def judge(snapshots: Snapshots, log_odds: Doubles, seed: int, tiers: ModelTiers = NO_TIERS) -> dict[str, Any]:
    """Counts and figures of one slice; counts alone where it has one class."""
    found: dict[str, Any] = {
        "snapshots": len(snapshots),
        "leads": len(np.unique(snapshots.lead)),
        "conversions": int(snapshots.label.sum()),
    }
    if not 0 < snapshots.label.sum() < len(snapshots):
        return found
    scored = _scored(snapshots, log_odds, tiers)
    values = _figures(scored, np.ones(len(snapshots)), (1.0, 0.0))
    line = (values["calibration_slope"], 0.0)
    drawn: list[Figure] = []
    curves: list[Doubles] = []
    for weight in resamples(snapshots, seed):
        drawn.append(_figures(scored, weight, line))
        content = binned(scored.bins, scored.probability, scored.label, weight)
        curves.append(np.where(content.weight > 0, content.observed, np.nan))
    for name, value in values.items():
        low, high = np.percentile([each[name] for each in drawn], (2.5, 97.5))
        place, leaf = _place(found, name)
        place[leaf] = {"value": _rounded(value), "low": _rounded(low), "high": _rounded(high)}
    found["reliability"] = reliability_curve(
        binned(scored.bins, scored.probability, scored.label, np.ones(len(snapshots))), np.array(curves)
    )
    found["calibration_error_by_chance"] = _error_by_chance(snapshots, scored, seed)
    return found


def judge_by_day(snapshots: Snapshots, log_odds: Doubles, seed: int, tiers: ModelTiers = NO_TIERS) -> dict[str, Any]:
    """The slice as a whole, each moment by itself under `by_day`, and the curves that a report draws of the whole."""
    whole = judge(snapshots, log_odds, seed, tiers)
    whole["by_day"] = {
        str(day): judge(snapshots.of(snapshots.day == day), log_odds[snapshots.day == day], seed)
        for day in np.unique(snapshots.day).tolist()
    }
    if "auc" in whole:
        whole["gain"] = gain(log_odds, snapshots.label)
        within = AucWithin(log_odds, snapshots.label, snapshots.day)
        drawn = [value for weight in resamples(snapshots, seed) if not np.isnan(value := within.of(weight))]
        if drawn:
            low, high = np.percentile(drawn, (2.5, 97.5))
            value = within.of(np.ones(len(snapshots)))
            whole["auc_within_moments"] = {"value": _rounded(value), "low": _rounded(low), "high": _rounded(high)}
    return whole


def resamples(snapshots: Snapshots, seed: int) -> Iterator[Doubles]:
    """How often each snapshot counts, its lead having been drawn so often; those that lack a class are not given."""
    members, place = np.unique(snapshots.lead, return_inverse=True)
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        times = np.bincount(random.integers(len(members), size=len(members)), minlength=len(members))
        weight = times[place].astype(np.float64)
        if 0 < weight @ snapshots.label < weight.sum():
            yield weight


def _scored(snapshots: Snapshots, log_odds: Doubles, tiers: ModelTiers) -> _Scored:
    narrow = log_odds.astype(np.float32)
    above = {band.name: narrow >= np.float32(band.log_odds) for band in tiers.above}
    chance = probability(log_odds)
    return _Scored(snapshots.label, log_odds, chance, ranks(log_odds), Bins.of(log_odds), above)


def _figures(scored: _Scored, weight: Doubles, start: tuple[float, float]) -> Figure:
    """Names with a slash are of a tier: `tiers/hot/precision`."""
    label, total = scored.label, float(weight.sum())
    rate = float(weight @ label) / total
    brier = float(weight @ (scored.probability - label) ** 2) / total
    slope, _ = logistic_line(scored.log_odds, label.astype(np.float64), weight, start)
    found = ranking_figures(scored.rank, label, weight) | {
        "base_rate": rate,
        "brier": brier,
        "brier_skill": 1 - brier / (rate * (1 - rate)),
        "log_loss": float(weight @ losses(scored.log_odds, label)) / total,
        "calibration_slope": slope,
        "calibration_intercept": offset(scored.log_odds, label, weight),
    }
    found |= reliability_figures(binned(scored.bins, scored.probability, label, weight), brier)
    for name, above in scored.above.items():
        figures = tier_figures(above, label, weight)
        found |= {f"tiers/{name}/{figure}": value for figure, value in figures.items()}
    return found


def _error_by_chance(snapshots: Snapshots, scored: _Scored, seed: int) -> Figure:
    """The expected calibration error that this slice would show if every probability were right: its mean, and where
    95% of such slices lie (consistency resampling: Bröcker and Smith, 2007). A lead's snapshots mostly end alike, so
    one draw decides them all: each converts with its probability, and none that is likelier stays behind.
    """
    members, place = np.unique(snapshots.lead, return_inverse=True)
    random = np.random.default_rng(seed)
    ones, errors = np.ones(len(snapshots)), []
    for _ in range(RESAMPLES):
        label = (random.random(len(members))[place] < scored.probability).astype(np.int64)
        content = binned(scored.bins, scored.probability, label, ones)
        errors.append(expected_calibration_error(content))
    low, high = np.percentile(errors, (2.5, 97.5))
    return {"value": _rounded(float(np.mean(errors))), "low": _rounded(low), "high": _rounded(high)}


def _place(found: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    *folders, leaf = name.split("/")
    for folder in folders:
        found = found.setdefault(folder, {})
    return found, leaf


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)
