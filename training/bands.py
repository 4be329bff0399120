"""Tiers and percentiles: what a model's log-odds mean among the reference population, the latest slice."""

import math

import numpy as np

from schemas.manifest import Band, ModelTiers
from schemas.settings import Tiers
from stream.core.features import Vector


def tier_bands(tiers: Tiers, reference: Vector) -> ModelTiers:
    """Where each tier begins: by capacity, at the edge that leaves the share nearest to the one wanted above it."""
    bands = []
    for tier in tiers.above:
        if tier.share is not None:
            edge = _edge(reference, tier.share)
        else:
            assert tier.score is not None
            edge = math.log(tier.score / (100 - tier.score))
        bands.append(Band(name=tier.name, log_odds=float(np.float32(edge))))
    return ModelTiers(above=tuple(bands), lowest=tiers.lowest)


def percentiles(reference: Vector) -> tuple[float, ...]:
    """Log-odds at 0, 1, ... 100 percent of the population."""
    return tuple(float(each) for each in np.percentile(reference, range(101), method="lower").astype(np.float32))


def share_above(reference: Vector, band: Band) -> float:
    """The share of the population in this band or above."""
    return float(np.mean(reference >= np.float32(band.log_odds)))


def _edge(reference: Vector, share: float) -> float:
    """Midway between two neighbouring scores: equal scores cannot be parted, and no lead lies on the edge itself."""
    values, counts = np.unique(reference, return_counts=True)
    if len(values) == 1:
        return float(values[0])
    above = 1 - np.cumsum(counts)[:-1] / len(reference)
    place = int(np.argmin(np.abs(above - share)))
    low, high = float(values[place]), float(values[place + 1])
    middle = np.float32((low + high) / 2)
    return float(middle) if middle > values[place] else high
