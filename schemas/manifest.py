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
    kind: Annotated[str, Field(examples=["rules", "logistic", "gradient_boosting"])]
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
    """Figures of the judgement, by slice."""
    checks: tuple[dict[str, Any], ...] = ()
    """Each check with its verdict and a sentence."""
