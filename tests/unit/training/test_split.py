"""The split by time: oldest leads train, later ones calibrate, the latest judge, and nothing reaches across."""

from typing import Final

import numpy as np
import pytest

from schemas.times import DAY
from training.refusal import TrainingRefused
from training.snapshots import Snapshots
from training.split import Floor, Slices, converted_leads, lead_count, split

WITHIN: Final = 10 * DAY
FLOOR: Final = Floor(leads=50, conversions=5)


def population(leads: int = 400, days: tuple[int, ...] = (1, 7), converting: float = 0.3) -> Snapshots:
    """One lead every six hours; in order of (lead, time)."""
    random = np.random.default_rng(1)
    lead = np.repeat(np.arange(leads), len(days))
    day = np.tile(np.array(days), leads)
    first = lead * DAY // 4
    label = (random.random(leads) < converting).astype(np.int64)[lead]
    features = random.random((len(lead), 2)).astype(np.float32)
    return Snapshots(lead, day, first, first + day * DAY, label, features)


@pytest.fixture(scope="module")
def slices() -> Slices:
    return split(population(), WITHIN, FLOOR)


def test_the_latest_quarter_of_the_leads_judges(slices: Slices) -> None:
    assert set(slices.test.lead.tolist()) == set(range(300, 400))
    assert slices.test_begin == 300 * DAY // 4


def test_no_lead_is_in_two_slices(slices: Slices) -> None:
    parts = [set(part.lead.tolist()) for part in (slices.train, slices.calibration, slices.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_the_slices_follow_each_other_in_time(slices: Slices) -> None:
    assert slices.train.first.max() < slices.calibration.first.min()
    assert slices.calibration.first.max() < slices.test.first.min()


def test_every_label_to_learn_from_was_known_before_the_test_slice_began(slices: Slices) -> None:
    for part in (slices.train, slices.calibration):
        assert (part.time + WITHIN).max() <= slices.test_begin
        assert (part.time + WITHIN).max() <= slices.test.time.min()


def test_every_snapshot_is_used_or_counted_as_embargoed(slices: Slices) -> None:
    used = len(slices.train) + len(slices.calibration) + len(slices.test)
    assert slices.embargoed > 0
    assert used + slices.embargoed == len(population())


def test_leads_are_counted_once_however_many_snapshots_they_have() -> None:
    snapshots = population(40, days=(1, 3, 7))
    assert lead_count(snapshots) == 40
    assert converted_leads(snapshots) == int(snapshots.label.sum()) // 3


def test_too_little_data_is_refused_with_the_numbers() -> None:
    with pytest.raises(
        TrainingRefused, match=r"training slice has \d+ leads of which \d+ convert, the least is 900 and 5"
    ):
        split(population(), WITHIN, Floor(leads=900, conversions=5))
    with pytest.raises(TrainingRefused, match="the least is 50 and 500"):
        split(population(), WITHIN, Floor(leads=50, conversions=500))


@pytest.mark.parametrize(("converting", "counts"), [(0.0, "0 of"), (1.1, r"(\d+) of \1")])
def test_one_class_is_refused(converting: float, counts: str) -> None:
    with pytest.raises(TrainingRefused, match=f"the training slice has one class only: {counts}"):
        split(population(converting=converting), WITHIN, FLOOR)


def test_a_log_too_short_for_its_window_is_refused() -> None:
    with pytest.raises(
        TrainingRefused, match="label windows that reach into the test slice; give a longer log or a sh"
    ):
        split(population(), 400 * DAY, FLOOR)
    nobody = population().of(np.zeros(800, np.bool_))
    with pytest.raises(TrainingRefused, match="no lead has a label"):
        split(nobody, WITHIN, FLOOR)
