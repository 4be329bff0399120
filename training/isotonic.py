"""Isotonic calibration: a rising line through what happened, block by block.

Leads in the order of their raw log-odds are pooled into blocks whose shares of conversions rise (Ayer and others,
1955). Blocks are merged further until each has some of both classes, so that log-odds stay finite, and until no two
rise more steeply than 32-bit numbers can follow. Between the blocks' centres the log-odds run straight, and beyond them
they go on with the sigmoid's slope: leads that the model tells apart stay apart, and none changes places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from sklearn.isotonic import isotonic_regression

from stream.core.lead import Ints
from training.arrays import DoubleRows, Doubles

LEAST: Final = 5
"""Snapshots of either class in a block."""
STEEPEST: Final = 10.0
"""How many times faster than the raw ones calibrated log-odds may rise."""


@dataclass(frozen=True)
class Isotonic:
    """Log-odds at rising raw values; `slope` beyond the outermost."""

    raw: Doubles
    log_odds: Doubles
    slope: float
    method: Literal["isotonic"] = "isotonic"

    def __call__(self, raw: Doubles) -> Doubles:
        held = np.clip(raw, self.raw[0], self.raw[-1])
        found: Doubles = np.interp(held, self.raw, self.log_odds) + self.slope * (raw - held)
        return found

    def spread(self, parts: DoubleRows, start: float) -> DoubleRows:
        """Contributions to the calibrated log-odds, from those to the raw ones: all of a row's are multiplied by one
        number, how fast the line rises on average between the start and the row.
        """
        moved = parts.sum(axis=1)
        pieces = self.pieces()
        rise = self(start + moved) - float(self(np.array([start]))[0])
        still = pieces.slope[np.searchsorted(self.raw, start, side="right")]
        found: DoubleRows = parts * np.where(moved == 0, still, rise / np.where(moved == 0, 1.0, moved))[:, None]
        return found

    def pieces(self) -> "Pieces":
        """The straight pieces, the first and the last without end."""
        ends = np.concatenate([[-np.inf], self.raw, [np.inf]])
        between = np.diff(self.log_odds) / np.diff(self.raw)
        return Pieces(ends[:-1], ends[1:], np.concatenate([[self.slope], between, [self.slope]]))


class Pieces(NamedTuple):
    """Where each begins and ends, in raw log-odds, and how fast it rises."""

    begin: Doubles
    end: Doubles
    slope: Doubles


@dataclass(frozen=True)
class _Block:
    snapshots: float
    conversions: float
    raw: float
    """Sum of the raw values."""

    def __add__(self, other: "_Block") -> "_Block":
        return _Block(self.snapshots + other.snapshots, self.conversions + other.conversions, self.raw + other.raw)

    @property
    def centre(self) -> float:
        return self.raw / self.snapshots

    @property
    def log_odds(self) -> float:
        # Half a snapshot of either class: it moves a block of both hardly, and keeps one of a single class finite.
        return float(np.log((self.conversions + 0.5) / (self.snapshots - self.conversions + 0.5)))

    @property
    def poor(self) -> bool:
        return min(self.conversions, self.snapshots - self.conversions) < LEAST


def fit_isotonic(raw: Doubles, label: Ints, slope: float) -> Isotonic:
    """The line for these leads; `slope` is the sigmoid's for the same."""
    blocks = _merged(_pooled(raw, label))
    return Isotonic(
        np.array([block.centre for block in blocks]),
        np.array([block.log_odds for block in blocks]),
        float(np.clip(slope, 0.0, STEEPEST)),
    )


def _pooled(raw: Doubles, label: Ints) -> list[_Block]:
    """Equal raw values are one from the beginning: no calibration can part them."""
    values, place, count = np.unique(raw, return_inverse=True, return_counts=True)
    ones = np.bincount(place, label)
    fitted = isotonic_regression(ones / count, sample_weight=count.astype(np.float64))
    begins = np.flatnonzero(np.append(True, np.diff(fitted) > 0))
    sums = (np.add.reduceat(each, begins).tolist() for each in (count.astype(np.float64), ones, values * count))
    return [_Block(*each) for each in zip(*sums, strict=True)]


def _merged(blocks: Sequence[_Block]) -> list[_Block]:
    kept: list[_Block] = []
    for block in blocks:
        kept.append(block)
        while len(kept) > 1 and (kept[-2].poor or _breaks(kept[-2], kept[-1])):
            kept[-2:] = [kept[-2] + kept[-1]]
    while len(kept) > 1 and (kept[-1].poor or _breaks(kept[-2], kept[-1])):
        kept[-2:] = [kept[-2] + kept[-1]]
    return kept


def _breaks(low: _Block, high: _Block) -> bool:
    rise, run = high.log_odds - low.log_odds, high.centre - low.centre
    return rise <= 0 or rise > STEEPEST * run
