"""Parity: the exported files against the fitted model in 64 bits, on real rows and on rows made to disagree."""

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import onnxruntime

from stream.core.features import Vector
from stream.core.fold import Matrix
from training.arrays import Doubles
from training.calibration import Calibration
from training.candidates import Candidate
from training.families.boosted import Boosted
from training.families.forest import Forest
from training.likelihood import probability

REAL_ROWS: Final = 12_000
MADE_ROWS: Final = 10_000
NEAR: Final = 1e-5
"""Log-odds nearer than this to a tier's edge may fall on either side of it in 32 bits."""
PROBABILITY: Final = 1e-5
"""How far the 99.9th percentile of differences in probability and in contributions may be from 0."""
SUMS: Final = 1e-4
"""How far a row's contributions may sum from its log-odds."""


class Files:
    """The two graphs, run as the worker runs them: one thread, in sequence."""

    def __init__(self, score: bytes, explain: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        providers = ["CPUExecutionProvider"]
        self._score = onnxruntime.InferenceSession(score, options, providers=providers)
        self._explain = onnxruntime.InferenceSession(explain, options, providers=providers)

    def log_odds(self, features: Matrix) -> Vector:
        """Calibrated log-odds of N rows, N > 1."""
        return cast(Vector, self._score.run(["log_odds"], {"features": features})[0])

    def probability(self, features: Matrix) -> Vector:
        """Calibrated probabilities of N rows, N > 1."""
        return cast(Vector, self._score.run(["probability"], {"features": features})[0])

    def contributions(self, features: Matrix) -> Matrix:
        """[N, F + 1], the baseline last."""
        return cast(Matrix, self._explain.run(["contributions"], {"features": features})[0])


@dataclass(frozen=True)
class Parity:
    """How far the files are from the fitted model, over `rows` rows."""

    rows: int
    probability: float
    """99.9th percentile of the absolute difference."""
    log_odds: float
    """Likewise."""
    log_odds_worst: float
    contributions: float
    """99.9th percentile of a row's greatest difference in a contribution."""
    sums: float
    """The largest gap between a row's log-odds and the sum of its contributions."""
    flips: int
    """Rows in another tier, those aside that lie within NEAR of its edge."""

    @property
    def holds(self) -> bool:
        """Whether the files may be taken for the fitted model."""
        return (
            self.probability <= PROBABILITY
            and self.contributions <= PROBABILITY
            and self.sums <= SUMS
            and self.flips == 0
            and self.rows >= MADE_ROWS
        )


def compare(
    candidate: Candidate, calibration: Calibration, files: Files, features: Matrix, edges: Vector, seed: int
) -> Parity:
    """Compares on a sample of these rows and on as many made ones."""
    random = np.random.default_rng(seed)
    real = features[random.permutation(len(features))[:REAL_ROWS]]
    rows = np.concatenate([real, made_rows(candidate, features, random)])
    wanted = calibration(candidate.raw(rows))
    found = files.log_odds(rows).astype(np.float64)
    gap = np.abs(found - wanted)
    chance = np.abs(files.probability(rows).astype(np.float64) - probability(wanted))
    contributions = files.contributions(rows).astype(np.float64)
    parts = calibration.spread(candidate.parts(rows), candidate.start)
    return Parity(
        rows=len(rows),
        probability=float(np.percentile(chance, 99.9)),
        log_odds=float(np.percentile(gap, 99.9)),
        log_odds_worst=float(gap.max()),
        contributions=float(np.percentile(np.abs(contributions[:, :-1] - parts).max(axis=1), 99.9)),
        sums=float(np.abs(contributions.sum(axis=1) - found).max()),
        flips=_flips(found, wanted, edges),
    )


def made_rows(candidate: Candidate, features: Matrix, random: np.random.Generator) -> Matrix:
    """Rows at and next to thresholds, beyond what was seen, of leads about whom little is known, and mixed from
    different leads.
    """
    size = features.shape[1]
    most = features.max(axis=0)
    mixed = np.column_stack([random.choice(features[:, f], MADE_ROWS) for f in range(size)]).astype(np.float32)
    beyond = (random.random((MADE_ROWS // 4, size)) * most * 3).astype(np.float32)
    mixed[: len(beyond)] = beyond
    extreme = np.array([0, 1, -1, 1e-6, 1e4, 1e6, -1e6, 3e38], np.float32)
    mixed[len(beyond) : len(beyond) + 8] = extreme[:, None]
    if isinstance(candidate, Boosted | Forest):
        for f, thresholds in candidate.ensemble.thresholds().items():
            beside = np.concatenate([thresholds, np.nextafter(thresholds, np.float32(np.inf))])
            chosen = random.random(MADE_ROWS) < 0.5
            chosen[: len(beyond) + 8] = False
            mixed[chosen, f] = random.choice(beside, int(chosen.sum()))
    # What nothing is known of is 0, or the longest time where hours are counted.
    unknown = random.random((MADE_ROWS // 4, size)) < random.random((MADE_ROWS // 4, 1))
    sparse = mixed[-len(unknown) :]
    sparse[unknown] = np.where(random.random(size) < 0.5, np.float32(0), most)[np.nonzero(unknown)[1]]
    return mixed


def _flips(found: Doubles, wanted: Doubles, edges: Vector) -> int:
    flipped = np.zeros(len(found), np.bool_)
    for edge in edges.astype(np.float64).tolist():
        other_side = (found >= edge) != (wanted >= edge)
        flipped |= other_side & (np.abs(wanted - edge) > NEAR)
    return int(flipped.sum())
