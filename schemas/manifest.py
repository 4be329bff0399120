"""The manifest of a model: what it is, what it was made from, how it was judged, and the digests of its files."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.records import Digest
from schemas.strict import Reader


class Band(Reader):
    """A tier as the worker applies it."""

    name: str
    log_odds: float
    """The band holds log-odds at or above this (32-bit comparison)."""


class ModelTiers(Reader):
    """The tiers, the highest first; what lies below all is `lowest`."""

    above: tuple[Band, ...]
    lowest: str


class Golden(Reader):
    """Rows with the answers the exporter saw; each worker repeats them before it trusts the files."""

    features: tuple[tuple[float, ...], ...]
    log_odds: tuple[float, ...]


class ModelManifest(Reader):
    """`manifest.json` beside the model's files. The model's digest is the SHA-256 of this file."""

    format: Literal[1]
    kind: Annotated[str, Field(examples=["rules", "logistic", "gradient_boosting", "random_forest", "neural_network"])]
    target: Literal["conversion"]
    created: str
    features: tuple[str, ...]
    """Column names, in order."""
    features_digest: Digest
    """Digest of the feature and signal definitions; a worker with other definitions refuses the model."""
    files: dict[Literal["score.onnx", "explain.onnx"], Digest]
    """SHA-256 of each file."""
    tiers: ModelTiers
    percentiles: tuple[float, ...]
    """Log-odds of the reference population at 0, 1, ... 100 percent; none where the model was not fitted to one."""
    golden: Golden
    training: dict[str, Any] = {}
    """Data range, counts and options of the run."""
    metrics: dict[str, Any] = {}
    """The judgement; a figure is {value, low, high} with a 95% interval from resampled leads.

    - `test`, `calibration`, `rules` (the scorecard on the test slice): snapshots, leads, conversions and figures: auc,
      average_precision, {precision, recall, f1, lift}_top_{10, 20}, base_rate, brier, brier_skill,
      brier_{reliability, resolution, uncertainty, within}, log_loss, calibration_{slope, intercept},
      expected_calibration_error; `reliability`: a bin a tenth, the highest scores first, each {snapshots, predicted,
      observed, low, high}. In `test` also `tiers`: by tier {share, precision, recall, f1, lift} of it and those above;
      `by_day`: the same for each moment; `auc_within_moments`: of pairs at the same moment alone. In `test` and
      `rules`, `gain`: share of conversions among the 0, 1, ... 100% of highest scores.
    - `segments`: by field its segments {value, leads, converting_leads, snapshots, small, predicted, observed,
      selected, calibration_gap, true_positive_rate}, and `selection_ratio` and `true_positive_gap` of the large ones.
    - `drift`: `score` and `features`: each {psi, edges, then, now}; `importance`: shares by `features` and `signals`,
      `shift` {moved, features} against the model before; `learning_curve`: [{leads, converting_leads, auc, log_loss}].
    - `scores`: {edges, converting, others}, a histogram of log-odds; `weeks`: [{slice, week, leads, snapshots,
      predicted, observed}] by week of the first event; `months`: the same by month, with auc; `leads_a_day`: all, and
      by tier those that reach it or a higher one.
    - `examples`: leads of the test slice: [{place, score, start, signals, others}], score and start from 0 to 100,
      signals being [{signal, text, log_odds, points}] with the features of a signal summed, others the rest's points.
    """
    checks: tuple[dict[str, Any], ...] = ()
    """Each check with its verdict and a sentence."""
