"""When it is time to train again."""

import json
from typing import Any

import numpy as np
import pytest

from schemas.manifest import ModelManifest
from schemas.times import DAY, parse_time
from stream.core.lead import Ints
from tests.unit.models.files import RULES
from training.cadence import due_by_drift, due_by_time, latest
from training.refusal import TrainingRefused

CREATED = "2026-03-01T00:00:00.000Z"
NOW = parse_time(CREATED)
EDGES = [-4.0, -3.0, -2.0, -1.0]


def model(created: str = CREATED, **changed: Any) -> ModelManifest:
    """A trained model's manifest, a fifth of whose later slice lies between each two edges."""
    metrics = {
        "drift": {"score": {"edges": EDGES, "now": [0.2] * 5}},
        "test": {"by_day": {"1": {"snapshots": 300}, "7": {"snapshots": 100}}},
    }
    content = json.loads(RULES.manifest) | {"kind": "logistic", "created": created, "metrics": metrics}
    return ModelManifest.model_validate_json(json.dumps(content | changed))


@pytest.mark.parametrize(("cadence", "days"), [("weekly", 7), ("monthly", 30), ("quarterly", 91)])
def test_a_period_runs_from_the_end_of_the_data(cadence: str, days: int) -> None:
    early = due_by_time(cadence, model(), NOW + days * DAY - 1)
    assert not early.due
    assert early.text.startswith("not due until 2026-")
    assert CREATED in early.text
    assert due_by_time(cadence, model(), NOW + days * DAY).due


def test_without_a_model_it_is_time() -> None:
    assert due_by_time("weekly", None, NOW).due


def test_the_model_with_the_latest_data_counts_if_it_was_trained_with_these_features() -> None:
    older, newer = model("2026-01-01T00:00:00.000Z"), model("2026-02-01T00:00:00.000Z")
    other = model("2026-03-01T00:00:00.000Z", features_digest="0" * 64)
    rules = model("2026-04-01T00:00:00.000Z", kind="rules")
    assert latest([older, newer, other, rules], older.features_digest) == newer
    assert latest([other, rules], older.features_digest) is None


def even(leads: int) -> tuple[Ints, Ints]:
    """One snapshot a lead, three of four on day 1 as in the manifest."""
    lead = np.arange(leads, dtype=np.int64)
    return lead, np.where(lead % 4 == 3, 7, 1).astype(np.int64)


def test_leads_that_score_as_before_are_no_reason() -> None:
    lead, day = even(2_000)
    scores = np.random.default_rng(0).uniform(-5, 0, len(lead)).astype(np.float32)
    found = due_by_drift(model(), lead, day, scores)
    assert not found.due
    assert "2000 later leads" in found.text


def test_leads_that_score_otherwise_are() -> None:
    lead, day = even(2_000)
    scores = np.random.default_rng(0).uniform(-3, 2, len(lead)).astype(np.float32)
    assert due_by_drift(model(), lead, day, scores).due


def test_too_few_later_leads_say_nothing() -> None:
    lead, day = even(150)
    found = due_by_drift(model(), lead, day, np.zeros(150, np.float32))
    assert not found.due
    assert "150 leads" in found.text


def test_that_late_leads_are_seen_at_early_moments_only_is_no_drift() -> None:
    """Scores depend on the day alone: day 1 lies in the lower half, day 7 above. The late leads have few of day 7."""
    kept = {"edges": [-2.5], "now": [0.75, 0.25]}
    known = model(metrics={"drift": {"score": kept}, "test": model().metrics["test"]})
    lead = np.arange(1_000, dtype=np.int64)
    day = np.where(lead < 990, 1, 7).astype(np.int64)
    scores = np.where(day == 1, -4.0, -1.0).astype(np.float32)
    found = due_by_drift(known, lead, day, scores)
    assert not found.due
    assert "index of 0.000" in found.text


def test_a_model_without_a_distribution_cannot_tell_drift() -> None:
    lead, day = even(1_000)
    with pytest.raises(TrainingRefused, match="train once without --if-due"):
        due_by_drift(model(metrics={}), lead, day, np.zeros(1_000, np.float32))
