"""Figures that depend on the order of the scores alone. Snapshots may count several times, as resampling has them.

Ties count by halves in the AUC, and at the edge of the top tenth by their share.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stream.core.lead import Flags, Ints
from training.arrays import Doubles

TOPS: Final = (0.1, 0.2)
"""Shares of the snapshots, by score, that a team might call."""


@dataclass(frozen=True)
class Order:
    """Conversions and others by rank of their score, 0 being the highest, and counted from the top."""

    ones: Doubles
    zeros: Doubles
    seen_ones: Doubles
    seen_zeros: Doubles

    @classmethod
    def of(cls, rank: Ints, label: Ints, weight: Doubles) -> "Order":
        """Equal scores have equal ranks."""
        ones = np.bincount(rank, weight * label).astype(np.float64)
        zeros = np.bincount(rank, weight * (1 - label)).astype(np.float64)
        return cls(ones, zeros, np.cumsum(ones), np.cumsum(zeros))

    @property
    def all_ones(self) -> float:
        return float(self.seen_ones[-1])

    @property
    def all_zeros(self) -> float:
        return float(self.seen_zeros[-1])

    def hits(self, count: float) -> float:
        """Conversions among so many of the highest."""
        seen = np.append(0.0, self.seen_ones + self.seen_zeros)
        return float(np.interp(count, seen, np.append(0.0, self.seen_ones)))


def ranks(log_odds: Doubles) -> Ints:
    """0 for the highest score, equal for equal ones."""
    _, rank = np.unique(-log_odds, return_inverse=True)
    return rank.astype(np.int64)


def auc(score: Doubles, label: Ints) -> float:
    """The chance that a converted snapshot scores higher than another one."""
    return _area(Order.of(ranks(score), label, np.ones(len(score))))


class AucWithin:
    """The chance that a converted snapshot scores higher than another one of the same moment, over all moments.

    Leads that stay without converting grow old, so that age alone orders snapshots of different moments.
    """

    def __init__(self, score: Doubles, label: Ints, moment: Ints) -> None:
        order = np.lexsort((-score, moment))
        begins = np.append(True, (np.diff(moment[order]) != 0) | (np.diff(score[order]) != 0))[: len(order)]
        place = np.cumsum(begins) - 1
        self._label = label
        self._place = np.empty(len(order), np.int64)
        """Where a snapshot's score stands, by (moment, score from the highest); equal ones stand together."""
        self._place[order] = place
        of_place = moment[order][begins]
        self._begin = np.searchsorted(of_place, of_place)
        self._last = np.searchsorted(of_place, of_place, side="right") - 1
        """For each place those of its moment's highest and lowest score."""

    def of(self, weight: Doubles) -> float:
        """With snapshots that count so often; NaN where no moment has both classes."""
        ones = np.bincount(self._place, weight * self._label)
        zeros = np.bincount(self._place, weight * (1 - self._label))
        seen = np.cumsum(zeros)
        below = seen[self._last] - seen + zeros / 2
        others = seen[self._last] - seen[self._begin] + zeros[self._begin]
        pairs = float(ones @ others)
        return float(ones @ below) / pairs if pairs else float("nan")


def ranking_figures(rank: Ints, label: Ints, weight: Doubles) -> dict[str, float]:
    """AUC, average precision, and the figures of each of TOPS."""
    order = Order.of(rank, label, weight)
    seen = order.seen_ones + order.seen_zeros
    precision = np.divide(order.seen_ones, seen, out=np.zeros(len(seen)), where=seen > 0)
    found = {"auc": _area(order), "average_precision": float(order.ones @ precision) / order.all_ones}
    total = order.all_ones + order.all_zeros
    for top in TOPS:
        figures = cut_figures(order.hits(top * total), top * total, order.all_ones, total)
        found |= {f"{name}_top_{top:.0%}".rstrip("%"): value for name, value in figures.items()}
    return found


def tier_figures(above: Flags, label: Ints, weight: Doubles) -> dict[str, float]:
    """Of the snapshots in or above a tier: their share of all, and the figures of that cut."""
    chosen, ones, total = float(weight @ above), float(weight @ label), float(weight.sum())
    return {"share": chosen / total} | cut_figures(float(weight @ (above & (label == 1))), chosen, ones, total)


def cut_figures(hits: float, chosen: float, ones: float, total: float) -> dict[str, float]:
    """precision: of those chosen, how many convert. recall: of those who convert, how many are chosen. f1: their
    harmonic mean. lift: precision against that of all. With nobody chosen all are 0.
    """
    precision = hits / chosen if chosen else 0.0
    return {
        "precision": precision,
        "recall": hits / ones,
        "f1": 2 * hits / (chosen + ones),
        "lift": precision / (ones / total),
    }


def gain(log_odds: Doubles, label: Ints) -> list[float]:
    """The share of conversions among the 0, 1, ... 100 percent of the highest scores."""
    order = Order.of(ranks(log_odds), label, np.ones(len(label)))
    return [round(order.hits(len(label) * percent / 100) / order.all_ones, 6) for percent in range(101)]


def _area(order: Order) -> float:
    return float(order.ones @ (order.all_zeros - order.seen_zeros + order.zeros / 2)) / (
        order.all_ones * order.all_zeros
    )
