"""A model on trial that passes every check, and ways to spoil it."""

import dataclasses
from typing import Any, Final

import numpy as np

from schemas.manifest import Band, ModelTiers
from schemas.settings import Tiers
from tests.unit.training.slices import drawn
from training.checks.case import Case
from training.checks.run import run_checks
from training.drift import judge_drift
from training.figures import judge, judge_by_day
from training.parity import Parity
from training.snapshots import Snapshots
from training.split import Floor, Slices

NAMES: Final = ("visits", "calls", "c", "d", "e", "f")
PARITY: Final = Parity(
    rows=12_000, probability=1e-7, log_odds=1e-6, log_odds_worst=1e-5, contributions=1e-6, sums=1e-6, flips=0
)


def segment(
    value: str, selected: float, gap: tuple[float, float, float] = (0.0, -0.1, 0.1), **more: Any
) -> dict[str, Any]:
    """A segment of which 30% convert."""
    names = ("value", "low", "high")
    found = {
        "value": value, "small": False, "predicted": 0.3 + gap[0], "observed": 0.3,
        "selected": {"value": selected, "low": selected - 0.02, "high": selected + 0.02},
        "calibration_gap": dict(zip(names, gap, strict=True)),
    }  # fmt: skip
    return found | more


def field_of(ratio: tuple[float, float, float], gap: tuple[float, float, float], *segments: Any) -> dict[str, Any]:
    names = ("value", "low", "high")
    found = {"selection_ratio": dict(zip(names, ratio, strict=True))}
    found["true_positive_gap"] = dict(zip(names, gap, strict=True))
    return {"field": "country", "segments": list(segments)} | found


FIELD: Final = field_of((0.9, 0.7, 1.0), (0.05, 0.0, 0.15), segment("IN", 0.1), segment("US", 0.11))


def part(seed: int, leads: int, begin: int) -> tuple[Snapshots, Any]:
    found, truth = drawn(leads, seed)
    moved = dataclasses.replace(found, lead=found.lead + begin, first=found.first + begin, time=found.time + begin)
    return moved, truth


def sound_case() -> Case:
    """A model that passes every check."""
    train, calibration = part(1, 2_000, 0)[0], part(2, 800, 3_000)[0]
    test, truth = part(3, 1_500, 10_000)
    reference = truth.astype(np.float32)
    metrics: dict[str, Any] = {
        "test": judge_by_day(test, truth, seed=0),
        "rules": judge(test, truth * 0, seed=0),
        "segments": [FIELD],
        "drift": judge_drift(train, test, NAMES, np.zeros(2_000, np.float32), np.zeros(1_500, np.float32)),
        "importance": {},
        "leads_a_day": {"all": 100.0, "hot": 10.0, "warm": 30.0},
    }
    metrics["test"]["auc"] = {"value": 0.82, "low": 0.8, "high": 0.84}
    metrics["test"]["expected_calibration_error"] = {"value": 0.012, "low": 0.008, "high": 0.018}
    metrics["test"]["calibration_error_by_chance"] = {"value": 0.010, "low": 0.005, "high": 0.017}
    hot, warm = np.quantile(truth + np.random.default_rng(0).normal(0, 1e-9, len(truth)), [0.9, 0.7])
    return Case(
        names=NAMES,
        slices=Slices(train, calibration, test, embargoed=7, test_begin=10_000),
        within=100,
        floor=Floor(200, 25),
        later_slope=1.0,
        metrics=metrics,
        parity=PARITY,
        wanted=Tiers.model_validate({"above": [{"name": "hot", "score": 80}, {"name": "warm", "score": 50}]}),
        tiers=ModelTiers(
            above=(Band(name="hot", log_odds=float(hot)), Band(name="warm", log_odds=float(warm))), lowest="cold"
        ),
        reference=reference,
    )


def verdicts(case: Case) -> dict[str, str]:
    return {each["code"]: each["verdict"] for each in run_checks(case)}


def sentence(case: Case, code: str) -> str:
    return next(each["sentence"] for each in run_checks(case) if each["code"] == code)


def with_feature(case: Case, f: int, values: Any) -> Case:
    train = case.slices.train
    features = train.features.copy()
    features[:, f] = values
    slices = dataclasses.replace(case.slices, train=dataclasses.replace(train, features=features))
    return dataclasses.replace(case, slices=slices)


def with_figure(case: Case, name: str, value: float, low: float, high: float) -> Case:
    return with_metrics(case, test=case.test | {name: {"value": value, "low": low, "high": high}})


def with_metrics(case: Case, **metrics: Any) -> Case:
    return dataclasses.replace(case, metrics=case.metrics | metrics)
