"""Models as files, whole or altered."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

from schemas.digest import features_digest
from schemas.settings import Settings
from stream.core.model import Model, ModelFiles
from stream.models.rules import rules_model
from tests.unit.schemas.files import shipped

SHIPPED: Final = shipped()
FEATURES: Final = features_digest(SHIPPED)
RULES: Final = rules_model(SHIPPED)


def usable(files: ModelFiles, settings: Settings = SHIPPED) -> Model:
    """The model as a worker with these settings takes it. Raises ModelRefused."""
    return Model(files, features_digest(settings), settings.tiers)


def another(double_odds: float) -> ModelFiles:
    """A scorecard's model for the same features."""
    return rules_model(shipped(lambda content: content["scorecard"].update(double_odds=double_odds)))


def with_manifest(files: ModelFiles, change: Callable[[dict[str, Any]], None]) -> ModelFiles:
    """The files under another manifest: as one would have them whose exporter wrote that manifest."""
    manifest = json.loads(files.manifest)
    change(manifest)
    return dataclasses.replace(files, manifest=json.dumps(manifest).encode())


def with_graph(files: ModelFiles, name: str, content: bytes) -> ModelFiles:
    """The files with another graph, which the manifest names rightly."""
    changed = dataclasses.replace(files, **{name.removesuffix(".onnx"): content})
    return with_manifest(
        changed, lambda manifest: manifest["files"].update({name: hashlib.sha256(content).hexdigest()})
    )
