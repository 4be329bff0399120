"""Snapshots out of thin air, whose truth is known."""

import numpy as np

from training.arrays import Doubles
from training.snapshots import Snapshots


def drawn(leads: int, seed: int, features: int = 6, per_lead: int = 1) -> tuple[Snapshots, Doubles]:
    """Snapshots and their true log-odds: counts, the first two of which matter, the second in steps."""
    random = np.random.default_rng(seed)
    rows = random.poisson(3, (leads, features)).astype(np.float32) * np.float32(1.1)
    truth = -2.5 + 1.2 * np.log1p(rows[:, 0].astype(np.float64)) - 1.5 * (rows[:, 1] > 4)
    label = (random.random(leads) < 1 / (1 + np.exp(-truth))).astype(np.int64)
    lead = np.repeat(np.arange(leads), per_lead)
    day = np.tile(np.arange(1, per_lead + 1), leads)
    return Snapshots(lead, day, lead, lead + day, label[lead], rows[lead]), truth[lead]
