"""Tiers begin where the team's capacity ends, or at a score."""

import math

import numpy as np
import pytest

from schemas.settings import Tier, Tiers
from training.bands import percentiles, share_above, tier_bands


def test_tiers_by_capacity_hold_their_shares_and_no_lead_lies_on_an_edge() -> None:
    reference = np.random.default_rng(0).normal(-3, 1, 10_001).astype(np.float32)
    bands = tier_bands(Tiers(), reference).above
    assert [band.name for band in bands] == ["hot", "warm"]
    assert share_above(reference, bands[0]) == pytest.approx(0.1, abs=1e-3)
    assert share_above(reference, bands[1]) == pytest.approx(0.3, abs=1e-3)
    assert bands[0].log_odds > bands[1].log_odds
    assert not np.isin(np.array([band.log_odds for band in bands], np.float32), reference).any()


def test_equal_scores_stay_together_in_the_band_that_comes_nearest_to_the_share() -> None:
    reference = np.array([0.0] * 80 + [1.0] * 15 + [2.0] * 5, np.float32)
    hot, warm = tier_bands(Tiers(), reference).above
    # Above 1.5 lie 5%, above 0.5 lie 20%: 5% is nearer to 10%, and 20% nearer to 30%.
    assert (share_above(reference, hot), share_above(reference, warm)) == (0.05, 0.2)


def test_tiers_by_score_begin_at_its_log_odds() -> None:
    tiers = Tiers(above=(Tier(name="hot", score=80), Tier(name="warm", score=50)), lowest="rest")
    found = tier_bands(tiers, np.zeros(10, np.float32))
    assert [band.log_odds for band in found.above] == [pytest.approx(math.log(4)), 0]
    assert found.lowest == "rest"


def test_there_are_101_percentiles_from_the_lowest_to_the_highest_score() -> None:
    reference = np.random.default_rng(0).normal(size=5_000).astype(np.float32)
    found = percentiles(reference)
    assert len(found) == 101
    assert (found[0], found[100]) == (reference.min(), reference.max())
    assert list(found) == sorted(found)
