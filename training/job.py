"""The training job: from event logs and settings to a judged model, the same bytes for the same input."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from schemas.digest import features_digest
from schemas.manifest import Golden, ModelManifest
from schemas.settings import Format, Settings
from schemas.times import DAY, format_duration, format_time
from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.core.lead import LATER
from stream.core.model import Model, ModelFiles, ModelRefused
from stream.core.plan import build_plan
from training.bands import percentiles, tier_bands
from training.calibration import Sigmoid, fit_sigmoid, held_out_loss
from training.candidates import Candidate, fit_candidates
from training.checks import Case, run_checks
from training.export import export
from training.figures import auc, judge, judge_by_day
from training.log import EventLog, read_log
from training.parity import Files, Parity, compare
from training.refusal import TrainingRefused
from training.report import write_report
from training.snapshots import LeftOut, Snapshots, lives, take_snapshots
from training.split import Floor, Slices, converted_leads, lead_count, split

GOLDEN_ROWS: Final = 48
STRONGEST: Final = 15
LIBRARIES: Final = ("numpy", "scikit-learn", "skl2onnx", "onnx", "onnxruntime")

Say = Callable[[str], None]
"""Told the beginning of each stage, for people who wait."""


@dataclass(frozen=True)
class Options:
    """What a run is asked for. `days`: moments after a lead's first event; `within`: the label's window in ms."""

    events: Sequence[Path]
    format: Format
    days: tuple[int, ...]
    within: int
    seed: int
    floor: Floor


@dataclass(frozen=True)
class Trained:
    """A judged model and its report; `blocked` holds what keeps it out of force."""

    files: ModelFiles
    manifest: ModelManifest
    report: bytes

    @property
    def blocked(self) -> list[str]:
        """Title and sentence of each check that blocks."""
        return [f"{each['title']}: {each['sentence']}" for each in self.manifest.checks if each["verdict"] == "blocked"]


@dataclass(frozen=True)
class _Data:
    """The log on its way to the slices."""

    log: EventLog
    snapshots: Snapshots
    left_out: LeftOut
    slices: Slices


@dataclass(frozen=True)
class _Chosen:
    candidate: Candidate
    sigmoid: Sigmoid
    score: bytes
    explain: bytes
    files: Files
    tried: list[dict[str, Any]]


def train(settings: Settings, options: Options, say: Say) -> Trained:
    """Runs the job. Raises TrainingRefused where the data cannot end in a model."""
    # Sums of floats depend on how many threads share them out; one thread makes a run repeatable.
    with threadpool_limits(limits=1):
        say("reading the event log")
        log = read_log(options.events, options.format, settings)
        say(f"taking snapshots of {len(log.leads)} leads from {log.lines} lines")
        snapshots, left_out = take_snapshots(log, build_plan(settings), options.days, options.within)
        data = _Data(log, snapshots, left_out, split(snapshots, options.within, options.floor))
        chosen = _choose(data.slices, options.seed, say)
        say(f"judging {chosen.candidate.name} on {lead_count(data.slices.test)} later leads")
        manifest = _judge(settings, options, data, chosen)
    files = ModelFiles(manifest.model_dump_json(indent=1).encode(), chosen.score, chosen.explain)
    say("loading the model as a worker would")
    try:
        Model(files, features_digest(settings), settings.tiers)
    except ModelRefused as error:
        raise TrainingRefused(f"a worker would refuse what was made: {error}") from None
    return Trained(files, manifest, write_report(manifest))


def _choose(slices: Slices, seed: int, say: Say) -> _Chosen:
    """The candidate with the lowest log loss on later leads than those it was fitted on; ties go to the simpler one."""
    best: tuple[float, Candidate] | None = None
    tried = []
    say(f"fitting candidates on {len(slices.train)} snapshots of {lead_count(slices.train)} leads")
    for candidate in fit_candidates(slices.train, seed):
        loss = held_out_loss(candidate, slices.calibration)
        area = auc(candidate.raw(slices.calibration.features), slices.calibration.label)
        say(f"fitted {candidate.name}: log loss {loss:.5f}, AUC {area:.3f} on the calibration slice")
        tried.append(
            {"name": candidate.name, "kind": candidate.kind, "log_loss": round(loss, 8), "auc": round(area, 6)}
        )
        if best is None or loss < best[0]:
            best = loss, candidate
    assert best is not None
    candidate = best[1]
    for each in tried:
        each["taken"] = each["name"] == candidate.name
    sigmoid = fit_sigmoid(candidate.raw(slices.calibration.features), slices.calibration.label)
    score, explain = export(candidate, sigmoid)
    return _Chosen(candidate, sigmoid, score, explain, Files(score, explain), tried)


def _judge(settings: Settings, options: Options, data: _Data, chosen: _Chosen) -> ModelManifest:
    """The manifest: figures and checks are of the exported files, as a worker will run them."""
    slices = data.slices
    reference = chosen.files.log_odds(slices.test.features)
    tiers = tier_bands(settings.tiers, reference)
    test = judge_by_day(slices.test, reference.astype(np.float64), options.seed)
    calibration = chosen.files.log_odds(slices.calibration.features).astype(np.float64)
    edges = np.array([band.log_odds for band in tiers.above], np.float32)
    parity = compare(chosen.candidate, chosen.sigmoid, chosen.files, data.snapshots.features, edges, options.seed)
    names = tuple(feature.name for feature in settings.features)
    case = Case(
        names, slices, options.within, options.floor, chosen.sigmoid, test, parity, settings.tiers, tiers, reference
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
        training=_record(options, data, chosen, parity)
        | {"strongest": _strongest(names, chosen.files, slices.test.features)},
        metrics={"test": test, "calibration": judge(slices.calibration, calibration, options.seed)},
        checks=run_checks(case),
    )


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


def _record(options: Options, data: _Data, chosen: _Chosen, parity: Parity) -> dict[str, Any]:
    log, slices = data.log, data.slices
    first, outcome = lives(log)
    early = outcome <= first + min(options.days) * DAY
    return {
        "events": {
            "files": [{"name": name, "sha256": found} for name, found in log.files],
            "lines": log.lines,
            "unreadable": log.unreadable,
            "silent": log.silent,
            "first": format_time(log.begin),
            "last": format_time(log.end),
            "leads": len(log.leads),
            "converted": int((outcome < LATER).sum()),
            "converted_before_first_moment": int(early.sum()),
        },
        "moments": asdict(data.left_out) | {"snapshots": len(data.snapshots), "embargoed": slices.embargoed},
        "split": {
            "test_begin": format_time(slices.test_begin),
            "train": _counts(slices.train),
            "calibration": _counts(slices.calibration),
            "test": _counts(slices.test),
        },
        "options": {
            "format": options.format,
            "snapshots": list(options.days),
            "within": format_duration(options.within),
            "seed": options.seed,
            "min_leads": options.floor.leads,
            "min_conversions": options.floor.conversions,
        },
        "candidates": chosen.tried,
        "calibration": {"slope": chosen.sigmoid.slope, "intercept": chosen.sigmoid.intercept},
        "parity": asdict(parity),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _counts(part: Snapshots) -> dict[str, int]:
    return {"snapshots": len(part), "leads": lead_count(part), "converting_leads": converted_leads(part)}
