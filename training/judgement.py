"""The judgement of a chosen model on the latest slice: every figure of the manifest, of the files as exported."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from schemas.digest import features_digest
from schemas.manifest import Golden, ModelManifest, ModelTiers
from schemas.settings import Settings
from schemas.times import format_duration, format_time
from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.models.rules import rules_model
from training.bands import Arrivals, percentiles, tier_bands
from training.calibration import Sigmoid
from training.checks.case import Case
from training.checks.run import run_checks
from training.choose import Chosen
from training.drift import judge_drift
from training.examples import examples
from training.figures import judge, judge_by_day
from training.history import as_checks, judge_history
from training.importance import judge_importance
from training.leaks import post_outcome_names
from training.learning_curve import learning_curve
from training.moments import groups
from training.parity import Files, compare
from training.pictures import months, score_histogram, weeks
from training.prepared import Prepared
from training.provenance import record_events, record_target
from training.ranking import gain
from training.saying import Say
from training.segments import judge_segments
from training.snapshots import Snapshots
from training.split import Floor, converted_leads, lead_count
from training.variables import variables_of

GOLDEN_ROWS: Final = 48
STRONGEST: Final = 15
LIBRARIES: Final = ("numpy", "scikit-learn", "onnx", "onnxruntime")


def judge_model(
    settings: Settings,
    floor: Floor,
    seed: int,
    options: dict[str, Any],
    data: Prepared,
    chosen: Chosen,
    previous: ModelManifest | None,
    say: Say,
) -> ModelManifest:
    """The manifest, checks included. `options`: what of the command is to be recorded."""
    slices, names = data.slices, tuple(feature.name for feature in settings.features)
    reference = chosen.files.log_odds(slices.test.features)
    arrivals = Arrivals.of(slices.test, reference)
    tiers = tier_bands(settings.tiers, reference, arrivals)
    edges = np.array([band.log_odds for band in tiers.above], np.float32)
    parity = compare(chosen.candidate, chosen.calibration, chosen.files, data.rows, edges, seed)
    metrics = _metrics(settings, seed, data, chosen, reference, tiers, previous, say)
    metrics["leads_a_day"] = {"all": round(len(arrivals.best) / arrivals.days, 4)} | {
        band.name: round(arrivals.per_day(band), 4) for band in tiers.above
    }
    history, findings = judge_history(data.log, data.left_out, settings.target)
    case = Case(
        names,
        slices,
        settings.target.within,
        floor,
        chosen.later_slope,
        metrics,
        parity,
        settings.tiers,
        tiers,
        reference,
        {feature.name: post_outcome_names(feature, settings) for feature in settings.features},
        frozenset(name for name, used in zip(names, variables_of(settings).used.tolist(), strict=True) if not used),
    )
    return ModelManifest(
        format=1,
        kind=chosen.candidate.kind,
        target="conversion",
        created=format_time(data.log.end),
        features=names,
        features_digest=features_digest(settings),
        files={
            "score.onnx": hashlib.sha256(chosen.score).hexdigest(),
            "explain.onnx": hashlib.sha256(chosen.explain).hexdigest(),
        },
        tiers=tiers,
        percentiles=percentiles(reference),
        golden=_golden(chosen.files, slices.test.features, reference),
        training=_record(settings, data, chosen)
        | {
            "options": options,
            "history": history,
            "parity": asdict(parity),
            "strongest": _strongest(names, chosen.files, slices.test.features),
        },
        metrics=metrics,
        checks=(*run_checks(case), *as_checks(findings)),
    )


def _metrics(
    settings: Settings,
    seed: int,
    data: Prepared,
    chosen: Chosen,
    reference: Vector,
    tiers: ModelTiers,
    previous: ModelManifest | None,
    say: Say,
) -> dict[str, Any]:
    """See `schemas.manifest.ModelManifest.metrics`."""
    slices, files = data.slices, chosen.files
    test, later = slices.test, slices.calibration
    rules = _rules(settings, test)
    say("judging: figures with intervals")
    metrics: dict[str, Any] = {
        "test": judge_by_day(test, reference.astype(np.float64), seed, tiers),
        "calibration": judge(later, files.log_odds(later.features).astype(np.float64), seed),
        "rules": judge(test, rules, seed) | {"gain": gain(rules, test.label)},
    }
    say("judging: segments, drift, importance")
    contributions = files.contributions(test.features)[:, :-1]
    names = [feature.name for feature in settings.features]
    metrics |= {
        "segments": judge_segments(test, reference, data.columns, data.fields, tiers.above[0].log_odds, seed),
        "drift": judge_drift(slices.train, test, names, files.log_odds(slices.train.features), reference),
        "importance": judge_importance(settings, contributions, previous),
        "scores": score_histogram(test, reference),
        "weeks": weeks(slices, files),
        "months": months(slices, files, seed),
        "examples": examples(settings, test, reference, files),
    }
    say("judging: learning curve")
    metrics["learning_curve"] = learning_curve(chosen, slices, variables_of(settings), reference, seed)
    return metrics


def _rules(settings: Settings, test: Snapshots) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Log-odds of the scorecard."""
    files = rules_model(settings)
    return Files(files.score, files.explain).log_odds(test.features).astype(np.float64)


def _golden(files: Files, features: Matrix, reference: Vector) -> Golden:
    """Real rows, from the lowest score to the highest."""
    order = np.argsort(reference, kind="stable")
    rows = features[order[np.linspace(0, len(order) - 1, GOLDEN_ROWS).astype(np.int64)]]
    return Golden(
        features=tuple(tuple(map(float, row)) for row in rows), log_odds=tuple(map(float, files.log_odds(rows)))
    )


def _strongest(names: Sequence[str], files: Files, features: Matrix) -> list[dict[str, Any]]:
    size = np.abs(files.contributions(features)[:, :-1]).mean(axis=0, dtype=np.float64)
    order = np.argsort(-size, kind="stable")[:STRONGEST]
    return [{"feature": names[f], "contribution": round(float(size[f]), 6)} for f in order.tolist()]


def _record(settings: Settings, data: Prepared, chosen: Chosen) -> dict[str, Any]:
    slices, calibration = data.slices, chosen.calibration
    line: dict[str, Any] = {"method": calibration.method}
    if isinstance(calibration, Sigmoid):
        line |= {"slope": calibration.slope, "intercept": calibration.intercept}
    else:
        line |= {
            "raw": calibration.raw.tolist(), "log_odds": calibration.log_odds.tolist(), "slope": calibration.slope
        }  # fmt: skip
    return {
        "target": record_target(settings.target),
        "events": record_events(data.log, data.left_out),
        "moments": asdict(data.left_out) | {"snapshots": data.snapshots, "embargoed": slices.embargoed},
        "split": {
            "test_begin": format_time(slices.test_begin),
            "train": _counts(slices.train),
            "calibration": _counts(slices.calibration),
            "test": _counts(slices.test),
        },
        "learning": settings.learning.model_dump(mode="json"),
        "tuning": chosen.tuning.record(),
        "candidates": chosen.tried,
        "calibration": line,
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _counts(part: Snapshots) -> dict[str, int]:
    return {"snapshots": len(part), "leads": lead_count(part), "converting_leads": converted_leads(part)}


def recorded_options(settings: Settings, format: str, seed: int, floor: Floor) -> dict[str, Any]:
    """What of the command the manifest holds."""
    return {
        "format": format,
        "snapshots": groups(settings.target.moments),
        "within": format_duration(settings.target.within),
        "seed": seed,
        "min_leads": floor.leads,
        "min_conversions": floor.conversions,
    }
