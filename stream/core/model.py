"""A model as the worker uses it: two ONNX graphs over float32 rows, proved to be what its manifest says.

`score.onnx`: input `features` [N, F]; outputs `log_odds` [N] and `probability` [N], calibration included.
`explain.onnx`: input `features` [N, F]; output `contributions` [N, F + 1], the last column being the baseline; a row's
sum is its log-odds.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Final, Literal, cast

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from pydantic import ValidationError

from schemas.manifest import ModelManifest
from schemas.settings import Tiers
from stream.core.features import Vector
from stream.core.fold import Matrix

Refusal = Literal["unreadable", "digest", "features", "tiers", "golden"]

GOLDEN_TOLERANCE: Final = 1e-5


class ModelRefused(Exception):
    """A model that must not score: `kind` says which check failed, the text what was found and what to do."""

    def __init__(self, kind: Refusal, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class ModelFiles:
    """A model's files as they lie in the registry."""

    manifest: bytes
    score: bytes
    explain: bytes

    @property
    def digest(self) -> str:
        """The model's name: SHA-256 of its manifest, which holds the digests of the other files."""
        return hashlib.sha256(self.manifest).hexdigest()


class Model:
    """Scores and explains."""

    def __init__(self, files: ModelFiles, features_digest: str, tiers: Tiers) -> None:
        """Raises ModelRefused unless the files are whole, made for these features and tiers, and repeat their golden
        rows on this machine.
        """
        self.digest = files.digest
        self.number = int(self.digest[:16], 16)
        self.manifest = _read(files)
        _check_fit(self.manifest, features_digest, tiers)
        try:
            self._score = _session(files.score)
            self._explain = _session(files.explain)
            _check_golden(self)
        except ModelRefused:
            raise
        except Exception as error:  # onnxruntime raises its own types, none of them documented
            text = " ".join(str(error).split())[:300]
            raise ModelRefused("unreadable", f"model {self.digest[:12]} does not run: {text}") from None
        self.edges: Vector = np.array([band.log_odds for band in self.manifest.tiers.above], np.float32)
        self.percentiles: Vector = np.array(self.manifest.percentiles, np.float32)
        self.tiers = [band.name for band in self.manifest.tiers.above] + [self.manifest.tiers.lowest]

    def score(self, features: Matrix) -> tuple[Vector, Vector]:
        """Log-odds and probabilities of N rows."""
        if len(features) == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        log_odds, probability = self._score.run(["log_odds", "probability"], {"features": _at_least_two(features)})
        return cast(Vector, log_odds)[: len(features)], cast(Vector, probability)[: len(features)]

    def explain(self, features: Matrix) -> tuple[Matrix, float]:
        """Contributions [N, F] of N rows and the baseline; each row's sum with the baseline is its log-odds."""
        if len(features) == 0:
            return np.zeros((0, len(self.manifest.features)), np.float32), 0.0
        (found,) = self._explain.run(["contributions"], {"features": _at_least_two(features)})
        contributions = cast(Matrix, found)[: len(features)]
        return contributions[:, :-1], float(contributions[0, -1])


def _at_least_two(features: Matrix) -> Matrix:
    """A batch of one may take another path through the runtime and differ in the last bit."""
    return features if len(features) > 1 else np.repeat(features, 2, axis=0)


def _session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _read(files: ModelFiles) -> ModelManifest:
    try:
        manifest = ModelManifest.model_validate_json(files.manifest)
    except ValidationError as error:
        text = " ".join(str(error).split())[:300]
        raise ModelRefused("unreadable", f"model {files.digest[:12]}: its manifest cannot be read: {text}") from None
    for name, content in (("score.onnx", files.score), ("explain.onnx", files.explain)):
        found = hashlib.sha256(content).hexdigest()
        if found != manifest.files.get(name):  # type: ignore[call-overload]
            raise ModelRefused("digest", f"model {files.digest[:12]}: {name} is not the file that its manifest names")
    return manifest


def _check_fit(manifest: ModelManifest, features_digest: str, tiers: Tiers) -> None:
    if manifest.features_digest != features_digest:
        raise ModelRefused(
            "features",
            f"the model was made for other features ({manifest.features_digest[:12]}, here {features_digest[:12]}): "
            "train it again with these settings",
        )
    names = [band.name for band in manifest.tiers.above] + [manifest.tiers.lowest]
    wanted = [tier.name for tier in tiers.above] + [tiers.lowest]
    if names != wanted:
        raise ModelRefused("tiers", f"the model has the tiers {names}, the settings {wanted}: train it again")


def _check_golden(model: Model) -> None:
    golden = model.manifest.golden
    rows = np.array(golden.features, np.float32)
    if rows.ndim != 2 or rows.shape[1] != len(model.manifest.features) or len(rows) != len(golden.log_odds):
        raise ModelRefused("golden", f"model {model.digest[:12]}: its golden rows have the wrong shape")
    found, probability = model.score(rows)
    worst = float(np.max(np.abs(found - np.array(golden.log_odds, np.float32))))
    scale = max(1.0, float(np.max(np.abs(golden.log_odds))))
    if not worst <= GOLDEN_TOLERANCE * scale or not np.isfinite(probability).all():
        raise ModelRefused(
            "golden", f"model {model.digest[:12]} answers otherwise here than when made (by {worst:.2g})"
        )
    contributions, baseline = model.explain(rows)
    gap = float(np.max(np.abs(contributions.sum(axis=1, dtype=np.float64) + baseline - found)))
    if not gap <= 1e-4 * scale:
        raise ModelRefused("golden", f"model {model.digest[:12]}: contributions miss the log-odds by {gap:.2g}")
