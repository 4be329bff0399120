"""The reference job as files: settings, the fitted ensemble in a registry, and what other engines need to know."""

import hashlib
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import yaml
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from bench import oracle
from bench.generator import BEGIN, Traffic, calls
from schemas.digest import features_digest
from schemas.load import default_settings
from schemas.manifest import Golden, ModelManifest
from schemas.settings import Settings
from schemas.times import format_time
from stream.core.fold import Matrix
from stream.core.lead import Flags
from stream.core.model import ModelFiles
from stream.models.registry import Registry
from training.bands import percentiles, tier_bands
from training.calibration import Sigmoid
from training.export import export
from training.families.boosted import Boosted

SETTINGS: Final = Path(__file__).with_name("reference.yaml")
TREES: Final = 100
LEAVES: Final = 31
VERIFIED: Final = Traffic(events=20_000, active=400, seed=11)
"""The log whose outputs are compared with the oracle's: a month of few leads, so that every window empties again."""

_FITTED: Final = Traffic(leads=20_000, events=40_000, active=107, seed=3)
"""Engagements of two days, as in the reference traffic."""
_GOLDEN_ROWS: Final = 48
_SIZES: Final = (20, 40, 80)


@dataclass(frozen=True)
class Reference:
    """content: the plain settings, to which a deployment adds its own. files: the model."""

    content: dict[str, Any]
    files: ModelFiles

    @property
    def edges(self) -> list[float]:
        """Log-odds at which the tiers begin, the highest first."""
        manifest = ModelManifest.model_validate_json(self.files.manifest)
        return [band.log_odds for band in manifest.tiers.above]

    @property
    def job(self) -> dict[str, Any]:
        """What another engine needs: the settings' observed, features and decisions, tiers and edges."""
        kept = {name: self.content[name] for name in ("observed", "features", "decisions")}
        return kept | {"tiers": list(oracle.TIERS), "edges": self.edges}

    def install(self, registry: Path) -> None:
        """Puts the model in force in a registry."""
        models = Registry(registry)
        models.promote(models.add(self.files))

    def write_for_peers(self, directory: Path) -> None:
        """`model.onnx` and `job.json`, as bench/README.md describes them."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "model.onnx").write_bytes(self.files.score)
        (directory / "job.json").write_text(json.dumps(self.job, indent=1) + "\n")

    def scorer(self) -> oracle.Score:
        """Log-odds by the exported file, without the product around it."""
        session = onnxruntime.InferenceSession(self.files.score, providers=["CPUExecutionProvider"])

        def score(features: Matrix) -> oracle.Vector:
            found: oracle.Vector = session.run(["log_odds"], {"features": features})[0]
            return found

        return score

    def expected(self, values: Sequence[bytes]) -> list[oracle.Change]:
        """The oracle's score changes for a log."""
        return oracle.expected(self.job, values, self.scorer())


def reference(cache: Path, features: int = 40) -> Reference:
    """The job with 20, 40 or 80 features. The model takes some seconds to fit and is kept in `cache`."""
    content = content_of(features)
    settings = Settings.model_validate(default_settings() | content)
    sources = b"".join(
        Path(__file__).with_name(name).read_bytes() for name in ("reference.py", "calls.py", "generator.py")
    )
    name = hashlib.sha256(sources + features_digest(settings).encode()).hexdigest()[:16]
    registry = Registry(cache / name)
    digest = registry.current()
    if digest is None:
        files = _fit(content, settings)
        registry.promote(registry.add(files))
        return Reference(content, files)
    return Reference(content, registry.load(digest))


def content_of(features: int) -> dict[str, Any]:
    """The plain settings with 20, 40 or 80 features."""
    content: dict[str, Any] = yaml.safe_load(SETTINGS.read_text())
    if features not in _SIZES:
        raise ValueError(f"the reference job has 20, 40 or 80 features, not {features}")
    if features == 20:
        # The rules keep the features that they name.
        kept = [each for each in content["features"] if each["name"] in ("pricing_view_7d", "signals_7d")]
        others = [each for each in content["features"] if each not in kept]
        content["features"] = kept + others[::2][: features - len(kept)]
    if features == 80:
        content["features"] += _more(content)
    return content


def _more(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Forty features more, of three further windows."""
    signals = [each["name"] for each in content["observed"]["signals"]]
    counts = [
        {"name": f"{name}_{window}", "kind": "count", "signals": [name], "window": window}
        for window in ("48h", "4d", "14d")
        for name in signals
    ]
    return counts + [
        {"name": f"{kind}_{window}", "kind": kind, "window": window}
        for window in ("4d", "14d")
        for kind in ("active_days", "breadth")
    ]


def _fit(content: dict[str, Any], settings: Settings) -> ModelFiles:
    """The ensemble, fitted to leads that convert by a law of their features."""
    values = [call.value for call in islice(calls(_FITTED), _FITTED.events)]
    _, _, rows = oracle.histories(content, values)
    random = np.random.default_rng(5)
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        model = HistGradientBoostingClassifier(
            max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=0.05, min_samples_leaf=20, early_stopping=False,
            random_state=5,
        )  # fmt: skip
        model.fit(rows, _labels(content, rows, random))
    candidate = Boosted(f"gradient boosting, {LEAVES} leaves", model, rows)
    return _files(settings, rows, *export(candidate, Sigmoid(1.0, 0.0)))


def _labels(content: dict[str, Any], rows: Matrix, random: np.random.Generator) -> Flags:
    names = [each["name"] for each in content["features"]]
    column = {name: rows[:, place].astype(np.float64) for place, name in enumerate(names)}
    log_odds = -5.0 + 0.9 * np.log1p(column["pricing_view_7d"]) + 0.35 * column["signals_7d"]
    found: Flags = random.random(len(rows)) < 1 / (1 + np.exp(-log_odds))
    return found


def _files(settings: Settings, rows: Matrix, score: bytes, explain: bytes) -> ModelFiles:
    session = onnxruntime.InferenceSession(score, providers=["CPUExecutionProvider"])
    reached: oracle.Vector = session.run(["log_odds"], {"features": rows})[0]
    order = np.argsort(reached, kind="stable")
    golden = order[np.linspace(0, len(order) - 1, _GOLDEN_ROWS).astype(np.int64)]
    manifest = ModelManifest(
        format=1,
        kind="gradient_boosting",
        target="conversion",
        created=format_time(BEGIN),
        features=tuple(feature.name for feature in settings.features),
        features_digest=features_digest(settings),
        files={"score.onnx": hashlib.sha256(score).hexdigest(), "explain.onnx": hashlib.sha256(explain).hexdigest()},
        tiers=tier_bands(settings.tiers, reached),
        percentiles=percentiles(reached),
        golden=Golden(
            features=tuple(tuple(map(float, row)) for row in rows[golden]),
            log_odds=tuple(map(float, reached[golden])),
        ),
    )
    return ModelFiles(manifest.model_dump_json(indent=1).encode(), score, explain)
