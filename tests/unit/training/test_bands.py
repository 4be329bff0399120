"""Tiers begin where the team's capacity ends, or at a score."""

import math

import numpy as np
import pytest

from schemas.settings import Tier, Tiers
from schemas.times import DAY
from training.bands import Arrivals, percentiles, share_above, tier_bands
from training.snapshots import Snapshots

PER_DAY = Tiers(above=(Tier(name="hot", per_day=4), Tier(name="warm", per_day=20)))


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


def came(leads: int, days: float, moments: int = 2) -> tuple[Snapshots, np.ndarray]:
    """So many leads over so many days, with scores at each moment."""
    lead = np.repeat(np.arange(leads), moments)
    first = (np.linspace(0, days, leads) * DAY).astype(np.int64)[lead]
    some = Snapshots(lead, lead * 0, first, first, lead * 0, np.zeros((len(lead), 1), np.float32))
    return some, np.random.default_rng(0).normal(-3, 1, len(lead)).astype(np.float32)


def test_tiers_by_leads_a_day_hold_so_many_leads_each_at_its_best() -> None:
    snapshots, scores = came(6_000, days=60)
    arrivals = Arrivals.of(snapshots, scores)
    hot, warm = tier_bands(PER_DAY, scores, arrivals).above
    best = scores.reshape(-1, 2).max(axis=1)
    assert (best >= np.float32(hot.log_odds)).sum() == 4 * 60
    assert (best >= np.float32(warm.log_odds)).sum() == 20 * 60
    assert arrivals.per_day(hot) == pytest.approx(4)


def test_another_model_keeps_the_volume_of_tiers_by_capacity() -> None:
    snapshots, scores = came(6_000, days=60)
    other = (5 * np.random.default_rng(1).normal(-3, 1, len(scores)) + 7).astype(np.float32)
    for tiers in (PER_DAY, Tiers()):
        volumes = []
        for each in (scores, other):
            arrivals = Arrivals.of(snapshots, each)
            bands = tier_bands(tiers, each, arrivals).above
            volumes.append([arrivals.per_day(band) if tiers is PER_DAY else share_above(each, band) for band in bands])
        assert volumes[0] == pytest.approx(volumes[1], rel=0.01)


def test_a_team_with_room_for_all_has_all_of_them() -> None:
    snapshots, scores = came(100, days=50)
    arrivals = Arrivals.of(snapshots, scores)
    tiers = Tiers(above=(Tier(name="hot", per_day=50),))
    assert arrivals.per_day(tier_bands(tiers, scores, arrivals).above[0]) == pytest.approx(2)


@pytest.mark.parametrize(
    ("above", "text"),
    [
        ([{"name": "hot", "per_day": 20}, {"name": "warm", "per_day": 5}], "the highest band first"),
        ([{"name": "hot", "per_day": 5}, {"name": "warm", "share": 0.3}], "mix no bands by per_day and share"),
        ([{"name": "hot", "per_day": 5, "score": 50}], "give one of share, per_day"),
        ([{"name": "hot"}], "give one of share, per_day"),
    ],
)
def test_tiers_that_contradict_each_other_are_refused(above: list[dict[str, object]], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Tiers.model_validate({"above": above})
