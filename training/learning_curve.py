"""The learning curve: what the chosen recipe would have come to with fewer leads, and so whether more would help."""

from typing import Any, Final

import numpy as np

from stream.core.features import Vector
from training.arrays import Doubles
from training.calibration import calibrate
from training.candidates import fit
from training.choose import Chosen
from training.figures import resamples
from training.likelihood import log_loss
from training.ranking import ranking_figures, ranks
from training.snapshots import Snapshots
from training.split import Slices, converted_leads, lead_count
from training.variables import Variables

SHARES: Final = (0.25, 0.5)


def learning_curve(
    chosen: Chosen, slices: Slices, variables: Variables, reference: Vector, seed: int
) -> list[dict[str, Any]]:
    """Figures on the test slice after fits on some of the training leads, drawn at random, and on all (`reference`)."""
    leads = np.unique(slices.train.lead)
    order = np.random.default_rng(seed).permutation(leads)
    found = []
    for share in SHARES:
        some = slices.train.of(np.isin(slices.train.lead, order[: int(share * len(leads))]))
        if not 0 < some.label.sum() < len(some):
            continue
        candidate = fit(chosen.recipe, some, variables, seed)
        later = slices.calibration
        calibration = calibrate(chosen.calibration.method, candidate.raw(later.features), later.label)
        found.append(_point(some, slices.test, calibration(candidate.raw(slices.test.features)), seed))
    return [*found, _point(slices.train, slices.test, reference.astype(np.float64), seed)]


def _point(train: Snapshots, test: Snapshots, log_odds: Doubles, seed: int) -> dict[str, Any]:
    rank = ranks(log_odds)
    drawn = [ranking_figures(rank, test.label, weight)["auc"] for weight in resamples(test, seed)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    area = ranking_figures(rank, test.label, np.ones(len(test)))["auc"]
    return {
        "leads": lead_count(train),
        "converting_leads": converted_leads(train),
        "auc": {"value": round(area, 6), "low": round(float(low), 6), "high": round(float(high), 6)},
        "log_loss": round(log_loss(log_odds, test.label), 6),
    }
