"""Reasons in the words of a sales rep."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.features import Recency, Tenure
from schemas.load import load_settings
from stream.core.features import HOURS_LIMIT
from stream.core.wording import Wording

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "learning-platform.yaml"


def words(feature: str, value: float, settings_file: Path | None = None) -> str:
    settings = load_settings(settings_file, {})
    return Wording(settings).describe([each.name for each in settings.features].index(feature), value)


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ("pricing_views_48h", 3, "3 pricing-page views in 48h"),
        ("demo_requests_30d", 1, "1 demo request in 30d"),
        ("demo_requests_30d", 0, "0 demo requests in 30d"),
        ("active_days_7d", 1, "events on 1 day of 7d"),
        ("channels_30d", 1, "1 channel in 30d"),
        ("channels_30d", 2, "2 different channels in 30d"),
        ("signals_30d", 1, "1 behaviour in 30d"),
        ("hours_since_login", 0.4, "last login less than an hour ago"),
        ("hours_since_login", 1, "last login an hour ago"),
        ("hours_since_login", 1.6, "last login 2 hours ago"),
        ("hours_since_login", 72, "last login 3 days ago"),
        ("hours_since_login", 2160, "no login so far"),
        ("intent_14d", 2.7, "high-intent views lately, weighing 2.7"),
        ("activity_velocity", 2.5, "events at 2.5 times the usual pace"),
        ("click_then_pricing_24h", 1, "email click then pricing-page view within 24h"),
        ("landed_on_pricing", 0, "not first seen on a pricing page"),
        ("is_c_level", 1, "seniority is c level"),
        ("tenure_hours", 1, "known for an hour"),
    ],
)
def test_a_feature_reads_as_a_person_would_say_it(feature: str, value: float, expected: str) -> None:
    assert words(feature, value) == expected


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ("activity_7d", 2, "2 learning activities in 7d"),
        ("hours_since_activity", 1, "last learning activity an hour ago"),
        ("quizzes_7d", 2, "2 quiz attempts in 7d"),
        ("exams_aced_30d", 1, "1 full-mark exam in 30d"),
    ],
)
def test_the_labels_of_the_example_make_sentences(feature: str, value: float, expected: str) -> None:
    assert words(feature, value, EXAMPLE) == expected


@given(st.floats(0, HOURS_LIMIT, width=32) | st.integers(0, 4_320).map(lambda halves: halves / 2))
def test_ages_made_coarse_have_the_same_words(age: float) -> None:
    settings = load_settings(None, {})
    wording = Wording(settings)
    ages = [place for place, feature in enumerate(settings.features) if isinstance(feature, Recency | Tenure)]
    vector = np.zeros((1, len(settings.features)), np.float32)
    vector[0, ages] = age
    coarse = wording.coarse(vector)
    assert len(ages) > 2
    for place in ages:
        assert wording.describe(place, float(coarse[0, place])) == wording.describe(place, float(vector[0, place]))
