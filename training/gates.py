"""The contest that a candidate must win before it scores: against the rules and the model in force, on the same rows.

The rows are the later slice that the candidate was judged on. Each rival scores the same features; leads are drawn
with replacement and with all their snapshots (a lead's snapshots are not independent), and what is judged in each draw
is the difference, so that what makes a draw easy or hard for both does not widen the interval.

A contest is won where the candidate saves at least the margin of the rival's log loss, the 95% interval of that lies
above 0, and its order is not clearly worse: the interval of the gain in AUC reaches 0. Log loss judges order and
probabilities together. Each rival is taken as workers run it, so rules whose points are no honest probabilities lose
by that, as they would in use; by order alone, good rules are hard to beat, and the figures say so.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np

from stream.core.features import Vector
from stream.core.lead import Ints

RESAMPLES: Final = 400
MARGIN: Final = 0.005
DECIMALS: Final = 6

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]
Rival = Literal["rules", "current"]


@dataclass(frozen=True)
class Gain:
    """What the candidate is better by, with the 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Contest:
    """The candidate against one rival. auc: difference. log_loss: the part saved, 0.01 being one percent."""

    rival: Rival
    model: str
    """The rival's digest."""
    leads: int
    auc: Gain
    log_loss: Gain
    margin: float
    won: bool
    sentence: str

    def plain(self) -> dict[str, Any]:
        """As `leadpulse train --json` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Rows:
    """S snapshots of the later slice: whose they are, and whether they converted."""

    lead: Ints
    label: Ints


def contest(
    rival: Rival, model: str, rows: Rows, scores: tuple[Vector, Vector], margin: float = MARGIN, seed: int = 0
) -> Contest:
    """scores: the candidate's log-odds and the rival's, of the same rows. The same rows and seed give the same answer.

    Raises ValueError where the rows have one class only, of which nothing can be said.
    """
    if not 0 < int(rows.label.sum()) < len(rows.label):
        raise ValueError("the rows have one class only")
    found = [_Scored.of(each.astype(np.float64), rows.label) for each in scores]
    members, place = np.unique(rows.lead, return_inverse=True)
    draw = np.random.default_rng(seed)
    drawn: list[tuple[float, float]] = []
    for _ in range(RESAMPLES):
        times = np.bincount(draw.integers(len(members), size=len(members)), minlength=len(members))
        weight = times[place].astype(np.float64)
        if 0 < weight @ rows.label < weight.sum():
            drawn.append(_gains(found[0], found[1], rows.label, weight))
    value = _gains(found[0], found[1], rows.label, np.ones(len(rows.label)))
    auc, loss = (_gain(value[part], [each[part] for each in drawn]) for part in (0, 1))
    won = loss.value >= margin and loss.low > 0 and auc.high >= 0
    sentence = _sentence(rival, auc, loss, margin, won)
    return Contest(rival, model, len(members), auc, loss, margin, won, sentence)


def lost(contests: Sequence[Contest]) -> list[str]:
    """A sentence for each contest that was not won."""
    return [each.sentence for each in contests if not each.won]


@dataclass(frozen=True)
class _Scored:
    """loss: of each snapshot. rank: 0 for the highest score, equal for equal ones."""

    loss: Doubles
    rank: Ints

    @classmethod
    def of(cls, log_odds: Doubles, label: Ints) -> "_Scored":
        _, rank = np.unique(-log_odds, return_inverse=True)
        return cls(np.logaddexp(0.0, np.where(label == 1, -log_odds, log_odds)), rank.astype(np.int64))


def _gains(candidate: _Scored, rival: _Scored, label: Ints, weight: Doubles) -> tuple[float, float]:
    """Gain in AUC, and the part of the rival's log loss saved."""
    before, after = float(weight @ rival.loss), float(weight @ candidate.loss)
    saved = 1 - after / before if before > 0 else 0.0
    return _auc(candidate.rank, label, weight) - _auc(rival.rank, label, weight), saved


def _auc(rank: Ints, label: Ints, weight: Doubles) -> float:
    """The chance that a converted snapshot scores higher than another one, ties counting half."""
    ones, zeros = np.bincount(rank, weight * label), np.bincount(rank, weight * (1 - label))
    below = zeros.sum() - np.cumsum(zeros) + zeros / 2
    return float(ones @ below) / float(ones.sum() * zeros.sum())


def _gain(value: float, drawn: Sequence[float]) -> Gain:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Gain(round(value, DECIMALS), round(float(low), DECIMALS), round(float(high), DECIMALS))


def _sentence(rival: Rival, auc: Gain, loss: Gain, margin: float, won: bool) -> str:
    name = "the rules" if rival == "rules" else "the model in force"
    figure = (
        f"{loss.value:+.1%} of the log loss of {name} saved ({loss.low:+.1%} to {loss.high:+.1%}), "
        f"AUC {auc.value:+.3f} ({auc.low:+.3f} to {auc.high:+.3f})"
    )
    if won:
        return f"better than {name}: {figure}"
    asked = f"asked is {margin:.1%} or more with an interval above 0"
    return f"not better than {name}: {figure}; {'its order is worse' if auc.high < 0 else asked}"
