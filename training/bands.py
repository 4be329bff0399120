"""Tiers and percentiles: what a model's log-odds mean among the reference population, the latest slice."""

import math
from dataclasses import dataclass

import numpy as np

from schemas.manifest import Band, ModelTiers
from schemas.settings import Tiers
from schemas.times import DAY
from stream.core.features import Vector
from training.snapshots import Snapshots


@dataclass(frozen=True)
class Arrivals:
    """The leads of the reference population, each once: at its highest log-odds. days: over which they first came."""

    best: Vector
    days: float

    @classmethod
    def of(cls, snapshots: Snapshots, log_odds: Vector) -> "Arrivals":
        """From all of their snapshots."""
        leads, place = np.unique(snapshots.lead, return_inverse=True)
        best = np.full(len(leads), -np.inf, np.float32)
        np.maximum.at(best, place, log_odds)
        return cls(best, max(1.0, float(snapshots.first.max() - snapshots.first.min()) / DAY))

    def per_day(self, band: Band) -> float:
        """How many leads a day reach this band or a higher one."""
        return float((self.best >= np.float32(band.log_odds)).sum()) / self.days


def tier_bands(tiers: Tiers, reference: Vector, arrivals: Arrivals | None = None) -> ModelTiers:
    """Where each tier begins: by capacity, at the edge that leaves what is nearest to the capacity above it. Tiers by
    leads a day need to know the arrivals.
    """
    bands = []
    for tier in tiers.above:
        if tier.share is not None:
            edge = _edge(reference, tier.share)
        elif tier.score is not None:
            edge = math.log(tier.score / (100 - tier.score))
        else:
            assert tier.per_day is not None and arrivals is not None
            edge = _edge(arrivals.best, tier.per_day * arrivals.days / len(arrivals.best))
        bands.append(Band(name=tier.name, log_odds=float(np.float32(edge))))
    return ModelTiers(above=tuple(bands), lowest=tiers.lowest)


def percentiles(reference: Vector) -> tuple[float, ...]:
    """Log-odds at 0, 1, ... 100 percent of the population."""
    return tuple(float(each) for each in np.percentile(reference, range(101), method="lower").astype(np.float32))


def share_above(reference: Vector, band: Band) -> float:
    """The share of the population in this band or above."""
    return float(np.mean(reference >= np.float32(band.log_odds)))


def _edge(reference: Vector, share: float) -> float:
    """Midway between two neighbouring scores: equal scores cannot be parted, and no lead lies on the edge itself. With
    room for all, the lowest score.
    """
    values, counts = np.unique(reference, return_counts=True)
    if len(values) == 1 or share >= 1:
        return float(values[0])
    above = 1 - np.cumsum(counts)[:-1] / len(reference)
    place = int(np.argmin(np.abs(above - share)))
    low, high = float(values[place]), float(values[place + 1])
    middle = np.float32((low + high) / 2)
    return float(middle) if middle > values[place] else high
