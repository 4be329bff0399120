"""The law of conversion: a Markov chain of regimes with a hazard in each.

A lead is in one regime for a simulated day and changes it at the day's end by `STEPS`. While the day lasts, it converts
at the constant rate ``HAZARDS[regime] * exp(fit)`` per day. Nothing else has an influence: behaviour is drawn from the
regime and never acts back. So the probability of converting within 30 days, given regime and fit, is a product of
matrices (`conversion_within`), exact at every instant, and no sampling is needed to know it.
"""

from typing import Final

import numpy as np

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Table = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Small = np.ndarray[tuple[int], np.dtype[np.int8]]

REGIMES: Final = ("idle", "curious", "evaluating", "hot")
HORIZON_DAYS: Final = 30

FIRST_DAY: Final[Floats] = np.array([0.40, 0.44, 0.12, 0.04])
"""Shares of the regimes on the day a lead first appears."""

STEPS: Final[Table] = np.array(
    [
        [0.991, 0.0085, 0.0005, 0.000],
        [0.050, 0.937, 0.013, 0.000],
        [0.020, 0.025, 0.920, 0.035],
        [0.020, 0.000, 0.030, 0.950],
    ]
)
"""From the regime of a day (row) to that of the next (column)."""

HAZARDS: Final[Floats] = np.array([0.00003, 0.00015, 0.0025, 0.060])
"""Conversions per day at fit 0."""


def conversion_rates(fit: Floats) -> Table:
    """Conversions per day of n leads in each regime: n rows, a column a regime."""
    return np.exp(fit)[:, None] * HAZARDS


def conversion_within(rates: Table, elapsed: Floats, days: int = HORIZON_DAYS) -> Table:
    """Probability of converting within so many times 24 hours, for n leads by their regime now (columns).

    `elapsed` is the part of the present day that is over, from 0 to 1. Backwards from the end: the chance of not
    converting in the part of the last day, then in the whole days before it, then in the rest of the present one.
    """
    unconverted = np.exp(-rates * elapsed[:, None])
    for _ in range(days - 1):
        unconverted = np.exp(-rates) * (unconverted @ STEPS.T)
    probability: Table = 1.0 - np.exp(-rates * (1.0 - elapsed)[:, None]) * (unconverted @ STEPS.T)
    return probability


def first_regimes(chances: Floats) -> Small:
    """Regimes of first days, from chances between 0 and 1."""
    return np.searchsorted(_cumulated(FIRST_DAY), chances, side="right").astype(np.int8)


def next_regimes(regimes: Small, chances: Floats) -> Small:
    """The regimes of the next day, from chances between 0 and 1."""
    beyond = chances[:, None] >= _cumulated(STEPS)[regimes]
    following: Small = beyond.sum(axis=1).astype(np.int8)
    return following


def _cumulated(shares: np.ndarray) -> np.ndarray:
    """Sums along the last axis; the last of them is 2, beyond every chance, whatever rounding left."""
    sums: np.ndarray = np.cumsum(shares, axis=-1)
    sums[..., -1] = 2.0
    return sums
