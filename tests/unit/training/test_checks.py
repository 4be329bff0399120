"""Each check passes what is sound, and names what is not with its numbers."""

import dataclasses

import numpy as np
import pytest

from schemas.settings import Tiers
from tests.unit.training.cases import PARITY, sentence, sound_case, verdicts, with_feature, with_figure, with_metrics
from training.checks.case import Case


@pytest.fixture(scope="module")
def case() -> Case:
    return sound_case()


def test_a_sound_model_passes_every_check(case: Case) -> None:
    assert set(verdicts(case).values()) == {"passed"}


def test_a_feature_that_orders_the_leads_almost_perfectly_blocks_by_name(case: Case) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, len(case.slices.train))
    leaking = with_feature(case, 1, case.slices.train.label + noise)
    assert verdicts(leaking)["single_feature_leak"] == "blocked"
    assert "calls alone has an AUC of 0.99" in sentence(leaking, "single_feature_leak")


def test_a_rare_feature_that_only_converting_leads_have_blocks_with_its_numbers(case: Case) -> None:
    train = case.slices.train
    few = np.flatnonzero(train.label == 1)[:30]
    values = np.zeros(len(train))
    values[few] = 1
    leaking = with_feature(case, 0, values)
    assert verdicts(leaking)["single_feature_leak"] == "blocked"
    assert "visits is not zero for 30 leads, in 30 snapshots of which 100.0% convert" in sentence(
        leaking, "single_feature_leak"
    )


def test_a_handful_of_lucky_leads_blocks_nothing(case: Case) -> None:
    values = np.zeros(len(case.slices.train))
    values[np.flatnonzero(case.slices.train.label == 1)[:4]] = 1
    assert verdicts(with_feature(case, 0, values))["single_feature_leak"] == "passed"


def test_a_feature_that_only_other_leads_have_is_warned_of(case: Case) -> None:
    values = np.zeros(len(case.slices.train))
    values[np.flatnonzero(case.slices.train.label == 0)[:200]] = 1
    suspect = with_feature(case, 2, values)
    assert verdicts(suspect)["single_feature_leak"] == "warned"
    assert "c is not zero for 200 leads, none of whom converts" in sentence(suspect, "single_feature_leak")


def test_a_model_too_good_to_be_true_is_blocked(case: Case) -> None:
    assert verdicts(with_figure(case, "auc", 0.96, 0.95, 0.97))["implausible_auc"] == "blocked"
    assert verdicts(with_figure(case, "auc", 0.94, 0.92, 0.96))["implausible_auc"] == "passed"


@pytest.mark.parametrize(
    ("name", "figure", "verdict"),
    [
        ("auc", (0.55, 0.49, 0.61), "blocked"),
        ("auc", (0.55, 0.51, 0.61), "passed"),
        ("auc_within_moments", (0.53, 0.49, 0.57), "blocked"),
        ("auc_within_moments", (0.55, 0.51, 0.59), "passed"),
        ("brier_skill", (-0.1, -0.2, -0.01), "blocked"),
        ("brier_skill", (0.01, -0.01, 0.03), "warned"),
    ],
)
def test_a_model_must_beat_chance_and_the_base_rate(
    case: Case, name: str, figure: tuple[float, float, float], verdict: str
) -> None:
    assert verdicts(with_figure(case, name, *figure))["better_than_chance"] == verdict


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [((1.1, 0.9, 1.3), "passed"), ((1.3, 1.1, 1.5), "warned"), ((0.3, 0.1, 0.45), "blocked"), ((3, 2.1, 4), "blocked")],
)
def test_the_calibration_slope_is_judged_by_its_interval(
    case: Case, figure: tuple[float, float, float], verdict: str
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
    case: Case, name: str, figure: tuple[float, float, float], way: str
) -> None:
    assert f"probabilities on later leads are {way};" in sentence(with_figure(case, name, *figure), "calibration")


def test_a_calibration_without_figures_is_warned_of(case: Case) -> None:
    assert verdicts(with_figure(case, "calibration_intercept", *[float("nan")] * 3))["calibration"] == "warned"


def test_a_falling_calibration_blocks(case: Case) -> None:
    assert verdicts(dataclasses.replace(case, later_slope=-0.2))["calibration"] == "blocked"


@pytest.mark.parametrize(
    "change",
    [
        {"probability": 2e-5},
        {"contributions": 2e-5},
        {"sums": 2e-4},
        {"flips": 1},
        {"rows": 9_999},
        {"probability": float("nan")},
    ],
)
def test_files_that_compute_something_else_are_blocked(case: Case, change: dict[str, float]) -> None:
    changed = dataclasses.replace(case, parity=dataclasses.replace(PARITY, **change))  # type: ignore[arg-type]
    assert verdicts(changed)["parity"] == "blocked"


def test_a_lead_on_both_sides_blocks(case: Case) -> None:
    shared = dataclasses.replace(case.slices.test, lead=case.slices.test.lead - 10_000)
    mixed = dataclasses.replace(case, slices=dataclasses.replace(case.slices, test=shared))
    assert verdicts(mixed)["slices_apart"] == "blocked"
    assert "1500 leads are in two slices" in sentence(mixed, "slices_apart")


def test_a_label_from_the_time_of_the_test_slice_blocks(case: Case) -> None:
    assert verdicts(dataclasses.replace(case, within=9_000))["slices_apart"] == "blocked"


def test_tiers_that_miss_their_share_are_warned_of(case: Case) -> None:
    heaped = dataclasses.replace(case, wanted=Tiers(), reference=np.repeat(np.float32(9), 100))
    assert verdicts(heaped)["tiers"] == "warned"
    assert "hot was to be 10%" in sentence(heaped, "tiers")


def test_a_check_that_fails_to_run_blocks_and_says_how(case: Case) -> None:
    broken = with_metrics(case, test={})
    assert verdicts(broken)["implausible_auc"] == "blocked"
    assert sentence(broken, "implausible_auc") == "the check itself failed: KeyError: 'auc'"


def test_a_model_no_better_than_the_rules_is_warned_of(case: Case) -> None:
    rules = case.metrics["rules"] | {"auc": {"value": 0.83, "low": 0.8, "high": 0.85}}
    assert verdicts(with_metrics(case, rules=rules))["better_than_rules"] == "warned"
    assert "that of the rules scorecard on the same leads 0.830" in sentence(
        with_metrics(case, rules=rules), "better_than_rules"
    )


def test_an_auc_below_what_practitioners_ask_for_is_warned_of(case: Case) -> None:
    assert verdicts(with_figure(case, "auc", 0.79, 0.77, 0.81))["replaces_tuned_rules"] == "warned"
    assert verdicts(with_figure(case, "auc", 0.8, 0.78, 0.82))["replaces_tuned_rules"] == "passed"


def test_predictions_that_miss_by_tenths_are_warned_of(case: Case) -> None:
    missing = with_figure(case, "expected_calibration_error", 0.021, 0.01, 0.03)
    assert verdicts(missing)["calibration_error"] == "warned"
    assert sentence(missing, "calibration_error").endswith("read scores as an order, less as probabilities")


def test_tenths_too_small_to_tell_a_miss_from_chance_are_named_as_the_reason(case: Case) -> None:
    few = with_figure(case, "calibration_error_by_chance", 0.019, 0.011, 0.029)
    missing = with_figure(few, "expected_calibration_error", 0.028, 0.02, 0.04)
    assert verdicts(missing)["calibration_error"] == "warned"
    assert sentence(missing, "calibration_error").endswith(
        "with right ones, as many snapshots would show 1.90% (1.10% to 2.90%): too few to tell them from right ones to "
        "2%; judge on a longer log"
    )


def test_tiers_that_miss_their_leads_a_day_are_warned_of(case: Case) -> None:
    tiers = Tiers.model_validate({"above": [{"name": "hot", "per_day": 10}, {"name": "warm", "per_day": 30}]})
    fitting = dataclasses.replace(case, wanted=tiers)
    assert verdicts(fitting)["tiers"] == "passed"
    assert "hot 10.0, warm 30.0, of 100.0 that come" in sentence(fitting, "tiers")
    missing = with_metrics(fitting, leads_a_day={"all": 100.0, "hot": 14.0, "warm": 30.0})
    assert verdicts(missing)["tiers"] == "warned"
    assert "14.0 leads a day reach hot, 10 were asked for" in sentence(missing, "tiers")
