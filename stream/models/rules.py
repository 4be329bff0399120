"""The scorecard as a model: the same files and manifest as a trained one."""

import hashlib
import math
from typing import Final

import numpy as np

from schemas.digest import features_digest
from schemas.manifest import Band, Golden, ModelManifest, ModelTiers
from schemas.settings import Settings
from stream.core.model import ModelFiles
from stream.models.additive import Additive, additive_graphs

GOLDEN_ROWS: Final = 16


def rules_model(settings: Settings) -> ModelFiles:
    """The scorecard's model; the same settings give the same bytes."""
    card = settings.scorecard
    names = [feature.name for feature in settings.features]
    weight, cap = np.zeros(len(names), np.float32), np.full(len(names), np.float32(3e38))
    point = math.log(2) / card.double_odds
    for rule in card.rules:
        weight[names.index(rule.feature)] = rule.points * point
        cap[names.index(rule.feature)] = rule.most
    bias = math.log(card.base_probability / (1 - card.base_probability))
    centre = np.zeros(len(names), np.float32)
    score, explain = additive_graphs(Additive(weight, centre, cap, bias, logarithmic=False))
    rows = np.random.default_rng(0).integers(0, 6, (GOLDEN_ROWS, len(names))).astype(np.float32)
    # In 64 bits and in order: a product of matrices would differ between processors, and with it the model's digest.
    answers = [np.float32(math.fsum([bias, *(np.minimum(row, cap) * weight).tolist()])) for row in rows]
    bands = tuple(
        Band(name=tier.name, log_odds=float(np.float32(bias + points * point)))
        for tier, points in zip(settings.tiers.above, card.tiers, strict=True)
    )
    manifest = ModelManifest(
        format=1,
        kind="rules",
        target="conversion",
        created="1970-01-01T00:00:00.000Z",
        features=tuple(names),
        features_digest=features_digest(settings),
        files={
            "score.onnx": hashlib.sha256(score).hexdigest(),
            "explain.onnx": hashlib.sha256(explain).hexdigest(),
        },
        tiers=ModelTiers(above=bands, lowest=settings.tiers.lowest),
        percentiles=(),
        golden=Golden(features=tuple(tuple(map(float, row)) for row in rows), log_odds=tuple(map(float, answers))),
    )
    return ModelFiles(manifest.model_dump_json(indent=1).encode(), score, explain)
