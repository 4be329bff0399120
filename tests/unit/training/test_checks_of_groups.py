"""Checks of groups of leads, of drift and of what a model looks at."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tests.unit.training.cases import NAMES, field_of, segment, sentence, sound_case, verdicts, with_metrics
from training.checks.case import Case
from training.drift import judge_drift


@pytest.fixture(scope="module")
def case() -> Case:
    return sound_case()


def test_a_group_whose_probabilities_are_off_beyond_chance_is_named(case: Case) -> None:
    off = field_of((1, 1, 1), (0, 0, 0), segment("IN", 0.1, (0.1, 0.05, 0.15)), segment("US", 0.1))
    found = with_metrics(case, segments=[off])
    assert verdicts(found)["segment_calibration"] == "warned"
    assert "country IN (40.0% said, 30.0% converted)" in sentence(found, "segment_calibration")
    by_chance = field_of((1, 1, 1), (0, 0, 0), segment("IN", 0.1, (0.1, -0.05, 0.25)))
    small = field_of((1, 1, 1), (0, 0, 0), segment("IN", 0.1, (0.1, 0.05, 0.15), small=True))
    for fine in (by_chance, small):
        assert verdicts(with_metrics(case, segments=[fine]))["segment_calibration"] == "passed"


def test_a_group_that_is_selected_less_than_four_fifths_as_often_is_named_with_its_numbers(case: Case) -> None:
    unequal = field_of((0.25, 0.1, 0.4), (0.05, 0, 0.1), segment("IN", 0.05), segment("US", 0.2))
    found = with_metrics(case, segments=[unequal])
    assert verdicts(found)["segment_selection"] == "warned"
    assert "country IN is in the highest tier 0.25 times as often as US (5.0% against 20.0%)" in sentence(
        found, "segment_selection"
    )
    perhaps = field_of((0.7, 0.5, 0.9), (0.05, 0, 0.1), segment("IN", 0.07), segment("US", 0.1))
    assert verdicts(with_metrics(case, segments=[perhaps]))["segment_selection"] == "passed"


def test_groups_whose_converting_leads_are_found_less_often_are_told_of(case: Case) -> None:
    unequal = field_of((0.9, 0.8, 1), (0.4, 0.25, 0.5), segment("IN", 0.1), segment("US", 0.11))
    assert "the share of converting leads it finds differs by 40%" in sentence(
        with_metrics(case, segments=[unequal]), "segment_selection"
    )


def test_small_groups_are_counted_and_judged_by_nobody(case: Case) -> None:
    small = {"field": "country", "segments": [segment("MA", 0.9, small=True)]}
    found = with_metrics(case, segments=[small])
    assert verdicts(found)["segment_selection"] == "passed"
    assert "1 groups are too small to judge" in sentence(found, "segment_selection")


def test_a_feature_that_moved_is_named_with_its_index(case: Case) -> None:
    test = case.slices.test
    moved = dataclasses.replace(test, features=test.features + np.array([0, 4, 0, 0, 0, 0], np.float32))
    zeros = (np.zeros(2_000, np.float32), np.zeros(1_500, np.float32))
    drifted = with_metrics(case, drift=judge_drift(case.slices.train, moved, NAMES, *zeros))
    assert verdicts(drifted)["drift"] == "warned"
    assert "differ from those trained on in calls (" in sentence(drifted, "drift")


@pytest.mark.parametrize(
    ("importance", "verdict", "text"),
    [
        ({}, "passed", "no model before this one"),
        ({"shift": None}, "passed", "does not say what it looked at"),
        ({"shift": {"moved": 0.1, "features": {"calls": -0.1}}}, "passed", "10% of the importance"),
        ({"shift": {"moved": 0.4, "features": {"calls": -0.4, "visits": 0.3}}}, "warned", "calls -40%, visits +30%"),
    ],
)
def test_a_model_that_looks_at_other_things_than_the_one_before_is_warned_of(
    case: Case, importance: dict[str, Any], verdict: str, text: str
) -> None:
    found = with_metrics(case, importance=importance)
    assert verdicts(found)["importance_shift"] == verdict
    assert text in sentence(found, "importance_shift")
