"""Each check passes what is sound, and names what is not with its numbers."""

import dataclasses
from typing import Any, Final

import numpy as np
import pytest

from schemas.manifest import Band, ModelTiers
from schemas.settings import Tiers
from tests.unit.training.slices import drawn
from training import checks
from training.calibration import Sigmoid
from training.figures import judge
from training.parity import Parity
from training.snapshots import Snapshots
from training.split import Floor, Slices

NAMES: Final = ("visits", "calls", "c", "d", "e", "f")
PARITY: Final = Parity(rows=12_000, probability=1e-7, log_odds=1e-6, log_odds_worst=1e-5, contributions=1e-6, flips=0)


def part(seed: int, leads: int, begin: int) -> tuple[Snapshots, Any]:
    found, truth = drawn(leads, seed)
    moved = dataclasses.replace(found, lead=found.lead + begin, first=found.first + begin, time=found.time + begin)
    return moved, truth


@pytest.fixture
def case() -> checks.Case:
    train, calibration = part(1, 2_000, 0)[0], part(2, 800, 3_000)[0]
    test, truth = part(3, 1_500, 10_000)
    reference = truth.astype(np.float32)
    hot, warm = np.quantile(truth + np.random.default_rng(0).normal(0, 1e-9, len(truth)), [0.9, 0.7])
    return checks.Case(
        names=NAMES,
        slices=Slices(train, calibration, test, embargoed=7, test_begin=10_000),
        within=100,
        floor=Floor(200, 25),
        sigmoid=Sigmoid(1.0, 0.0),
        test=judge(test, truth, seed=0),
        parity=PARITY,
        wanted=Tiers.model_validate({"above": [{"name": "hot", "score": 80}, {"name": "warm", "score": 50}]}),
        tiers=ModelTiers(
            above=(Band(name="hot", log_odds=float(hot)), Band(name="warm", log_odds=float(warm))), lowest="cold"
        ),
        reference=reference,
    )


def verdicts(case: checks.Case) -> dict[str, str]:
    return {each["code"]: each["verdict"] for each in checks.run_checks(case)}


def sentence(case: checks.Case, code: str) -> str:
    return next(each["sentence"] for each in checks.run_checks(case) if each["code"] == code)


def with_feature(case: checks.Case, f: int, values: Any) -> checks.Case:
    train = case.slices.train
    features = train.features.copy()
    features[:, f] = values
    slices = dataclasses.replace(case.slices, train=dataclasses.replace(train, features=features))
    return dataclasses.replace(case, slices=slices)


def with_figure(case: checks.Case, name: str, value: float, low: float, high: float) -> checks.Case:
    return dataclasses.replace(case, test=case.test | {name: {"value": value, "low": low, "high": high}})


def test_a_sound_model_passes_every_check(case: checks.Case) -> None:
    assert set(verdicts(case).values()) == {"passed"}


def test_a_feature_that_orders_the_leads_almost_perfectly_blocks_by_name(case: checks.Case) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, len(case.slices.train))
    leaking = with_feature(case, 1, case.slices.train.label + noise)
    assert verdicts(leaking)["single_feature_leak"] == "blocked"
    assert "calls alone has an AUC of 0.99" in sentence(leaking, "single_feature_leak")


def test_a_rare_feature_that_only_converting_leads_have_blocks_with_its_numbers(case: checks.Case) -> None:
    train = case.slices.train
    few = np.flatnonzero(train.label == 1)[:30]
    values = np.zeros(len(train))
    values[few] = 1
    leaking = with_feature(case, 0, values)
    assert verdicts(leaking)["single_feature_leak"] == "blocked"
    assert "visits is not zero for 30 leads, in 30 snapshots of which 100.0% convert" in sentence(
        leaking, "single_feature_leak"
    )


def test_a_handful_of_lucky_leads_blocks_nothing(case: checks.Case) -> None:
    values = np.zeros(len(case.slices.train))
    values[np.flatnonzero(case.slices.train.label == 1)[:4]] = 1
    assert verdicts(with_feature(case, 0, values))["single_feature_leak"] == "passed"


def test_a_feature_that_only_other_leads_have_is_warned_of(case: checks.Case) -> None:
    values = np.zeros(len(case.slices.train))
    values[np.flatnonzero(case.slices.train.label == 0)[:200]] = 1
    suspect = with_feature(case, 2, values)
    assert verdicts(suspect)["single_feature_leak"] == "warned"
    assert "c is not zero for 200 leads, none of whom converts" in sentence(suspect, "single_feature_leak")


def test_a_model_too_good_to_be_true_is_blocked(case: checks.Case) -> None:
    assert verdicts(with_figure(case, "auc", 0.96, 0.95, 0.97))["implausible_auc"] == "blocked"
    assert verdicts(with_figure(case, "auc", 0.94, 0.92, 0.96))["implausible_auc"] == "passed"


@pytest.mark.parametrize(
    ("name", "figure", "verdict"),
    [
        ("auc", (0.55, 0.49, 0.61), "blocked"),
        ("auc", (0.55, 0.51, 0.61), "passed"),
        ("brier_skill", (-0.1, -0.2, -0.01), "blocked"),
        ("brier_skill", (0.01, -0.01, 0.03), "warned"),
    ],
)
def test_a_model_must_beat_chance_and_the_base_rate(
    case: checks.Case, name: str, figure: tuple[float, float, float], verdict: str
) -> None:
    assert verdicts(with_figure(case, name, *figure))["better_than_chance"] == verdict


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [((1.1, 0.9, 1.3), "passed"), ((1.3, 1.1, 1.5), "warned"), ((0.3, 0.1, 0.45), "blocked"), ((3, 2.1, 4), "blocked")],
)
def test_the_calibration_slope_is_judged_by_its_interval(
    case: checks.Case, figure: tuple[float, float, float], verdict: str
) -> None:
    assert verdicts(with_figure(case, "calibration_slope", *figure))["calibration"] == verdict


@pytest.mark.parametrize(
    ("name", "figure", "way"),
    [
        ("calibration_slope", (0.8, 0.7, 0.9), "too far apart"),
        ("calibration_slope", (1.3, 1.1, 1.5), "too close together"),
        ("calibration_intercept", (-0.4, -0.8, -0.1), "too high"),
        ("calibration_intercept", (0.4, 0.1, 0.8), "too low"),
    ],
)
def test_a_warning_of_the_calibration_says_which_way_it_is_off(
    case: checks.Case, name: str, figure: tuple[float, float, float], way: str
) -> None:
    assert f"probabilities on later leads are {way};" in sentence(with_figure(case, name, *figure), "calibration")


def test_a_calibration_without_figures_is_warned_of(case: checks.Case) -> None:
    assert verdicts(with_figure(case, "calibration_intercept", *[float("nan")] * 3))["calibration"] == "warned"


def test_a_falling_calibration_blocks(case: checks.Case) -> None:
    assert verdicts(dataclasses.replace(case, sigmoid=Sigmoid(-0.2, 0.0)))["calibration"] == "blocked"


@pytest.mark.parametrize(
    "change",
    [{"probability": 2e-5}, {"contributions": 2e-4}, {"flips": 1}, {"rows": 9_999}, {"probability": float("nan")}],
)
def test_files_that_compute_something_else_are_blocked(case: checks.Case, change: dict[str, float]) -> None:
    changed = dataclasses.replace(case, parity=dataclasses.replace(PARITY, **change))  # type: ignore[arg-type]
    assert verdicts(changed)["parity"] == "blocked"


def test_a_lead_on_both_sides_blocks(case: checks.Case) -> None:
    shared = dataclasses.replace(case.slices.test, lead=case.slices.test.lead - 10_000)
    mixed = dataclasses.replace(case, slices=dataclasses.replace(case.slices, test=shared))
    assert verdicts(mixed)["slices_apart"] == "blocked"
    assert "1500 leads are in two slices" in sentence(mixed, "slices_apart")


def test_a_label_from_the_time_of_the_test_slice_blocks(case: checks.Case) -> None:
    assert verdicts(dataclasses.replace(case, within=9_000))["slices_apart"] == "blocked"


def test_tiers_that_miss_their_share_are_warned_of(case: checks.Case) -> None:
    heaped = dataclasses.replace(case, wanted=Tiers(), reference=np.repeat(np.float32(9), 100))
    assert verdicts(heaped)["tiers"] == "warned"
    assert "hot was to be 10%" in sentence(heaped, "tiers")


def test_a_check_that_fails_to_run_blocks_and_says_how(case: checks.Case) -> None:
    broken = dataclasses.replace(case, test={})
    assert verdicts(broken)["implausible_auc"] == "blocked"
    assert sentence(broken, "implausible_auc") == "the check itself failed: KeyError: 'auc'"
