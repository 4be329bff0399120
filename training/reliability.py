"""What was said and what happened: bins of equal numbers of snapshots by score, and what follows from them.

With n_k of N snapshots in bin k, mean prediction p_k, share of conversions o_k and base rate o:
expected calibration error = sum n_k/N |p_k - o_k|; Brier score = reliability - resolution + uncertainty + within, with
reliability = sum n_k/N (p_k - o_k)^2, resolution = sum n_k/N (o_k - o)^2, uncertainty = o (1 - o) (Murphy, 1973) and
`within` what scores and labels vary inside the bins (Stephenson and others, 2008).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stream.core.lead import Ints
from training.arrays import Doubles

BINS: Final = 10
DECIMALS: Final = 6


@dataclass(frozen=True)
class Bins:
    """The bin of every snapshot, 0 having the highest scores, and how many there are; the same for every resample."""

    place: Ints
    count: int

    @classmethod
    def of(cls, log_odds: Doubles) -> "Bins":
        """Equal numbers in each, as nearly as they can be; equal scores may be in two."""
        order = np.argsort(-log_odds, kind="stable")
        place = np.empty(len(order), np.int64)
        count = min(BINS, len(order))
        for number, part in enumerate(np.array_split(order, count)):
            place[part] = number
        return cls(place, count)


@dataclass(frozen=True)
class Binned:
    """By bin: weight, mean prediction, share of conversions. A bin without weight has zeros."""

    weight: Doubles
    predicted: Doubles
    observed: Doubles


def binned(bins: Bins, chance: Doubles, label: Ints, weight: Doubles) -> Binned:
    """The bins' content, each snapshot counted `weight` times."""
    total = np.bincount(bins.place, weight, bins.count).astype(np.float64)
    safe = np.where(total > 0, total, 1.0)
    return Binned(
        total,
        np.bincount(bins.place, weight * chance, bins.count) / safe,
        np.bincount(bins.place, weight * label, bins.count) / safe,
    )


def expected_calibration_error(content: Binned) -> float:
    """By how much predictions miss what happened, a bin with another, on average."""
    return float(content.weight @ np.abs(content.predicted - content.observed)) / float(content.weight.sum())


def reliability_figures(content: Binned, brier: float) -> dict[str, float]:
    """The expected calibration error and the Brier score's parts."""
    share = content.weight / content.weight.sum()
    rate = float(share @ content.observed)
    reliability = float(share @ (content.predicted - content.observed) ** 2)
    resolution = float(share @ (content.observed - rate) ** 2)
    uncertainty = rate * (1 - rate)
    return {
        "expected_calibration_error": expected_calibration_error(content),
        "brier_reliability": reliability,
        "brier_resolution": resolution,
        "brier_uncertainty": uncertainty,
        "brier_within": brier - reliability + resolution - uncertainty,
    }


def reliability_curve(
    content: Binned, drawn: "np.ndarray[tuple[int, int], np.dtype[np.float64]]"
) -> list[dict[str, Any]]:
    """One entry a bin, the highest scores first; low and high are the 95% band of `observed` over the resamples `drawn`
    [resamples, bins], which have NaN where a resample left a bin empty.
    """
    found = []
    for k in range(len(content.weight)):
        seen = drawn[~np.isnan(drawn[:, k]), k]
        low, high = np.percentile(seen, (2.5, 97.5)) if len(seen) else (0.0, 1.0)
        found.append(
            {
                "snapshots": int(content.weight[k]),
                "predicted": round(float(content.predicted[k]), DECIMALS),
                "observed": round(float(content.observed[k]), DECIMALS),
                "low": round(float(low), DECIMALS),
                "high": round(float(high), DECIMALS),
            }
        )
    return found
