"""Numbers for pictures: nothing is lost between the bars, and a month's figures are those of its own leads."""

from dataclasses import replace

import numpy as np
import pytest

from schemas.times import parse_time
from stream.models.additive import Additive, additive_graphs
from tests.unit.training.slices import drawn
from training.parity import Files
from training.pictures import months, score_histogram, weeks
from training.snapshots import Snapshots
from training.split import Slices

BEGIN, MIDDLE, END = (parse_time(f"2026-{month}-01T00:00:00Z") for month in ("01", "02", "03"))
DAY = 86_400_000


@pytest.fixture(scope="module")
def files() -> Files:
    weight, none = np.array([0.4, 0, 0, 0, 0, 0], np.float32), np.zeros(6, np.float32)
    return Files(*additive_graphs(Additive(weight, none, np.full(6, 1e6, np.float32), -3.0, logarithmic=False)))


@pytest.fixture(scope="module")
def slices() -> Slices:
    """A training slice of January and February, the others of March."""
    parts = [drawn(600, seed)[0] for seed in (1, 2, 3)]
    both = np.where(np.arange(600) % 2 == 0, BEGIN, MIDDLE) + np.arange(600) % 20 * DAY
    train, calibration = replace(parts[0], first=both), replace(parts[1], first=np.full(600, END))
    return Slices(train, calibration, replace(parts[2], first=np.full(600, END + 9 * DAY)), 0, END)


def pairwise_auc(part: Snapshots, log_odds: np.ndarray) -> float:
    """By its definition: the share of pairs in the right order, ties counting half."""
    ones, zeros = log_odds[part.label == 1], log_odds[part.label == 0]
    gap = ones[:, None] - zeros[None, :]
    return float((gap > 0).mean() + (gap == 0).mean() / 2)


def test_every_snapshot_is_in_one_bar(slices: Slices, files: Files) -> None:
    found = score_histogram(slices.test, files.log_odds(slices.test.features))
    assert sum(found["converting"]) == slices.test.label.sum()
    assert sum(found["converting"]) + sum(found["others"]) == len(slices.test)
    assert found["edges"] == sorted(found["edges"])


def test_weeks_begin_on_monday_and_hold_every_lead(slices: Slices, files: Files) -> None:
    found = weeks(slices, files)
    assert all(np.datetime64(each["week"]).astype("datetime64[D]").astype(int) % 7 == 4 for each in found)
    assert sum(each["leads"] for each in found if each["slice"] == "train") == 600


def test_a_month_has_the_auc_of_its_own_leads(slices: Slices, files: Files) -> None:
    found = months(slices, files, seed=0)
    assert [(each["slice"], each["month"]) for each in found] == [
        ("train", "2026-01"),
        ("train", "2026-02"),
        ("calibration", "2026-03"),
        ("test", "2026-03"),
    ]
    january = slices.train.of(slices.train.first < MIDDLE)
    auc = found[0]["auc"]
    assert auc["value"] == pytest.approx(pairwise_auc(january, files.log_odds(january.features)), abs=1e-6)
    assert auc["low"] < auc["value"] < auc["high"]
    assert found[0]["observed"] == pytest.approx(january.label.mean(), abs=1e-6)


def test_a_month_with_few_conversions_has_no_auc(slices: Slices, files: Files) -> None:
    label = np.where(slices.train.first < MIDDLE, slices.train.label, 0)
    label[np.flatnonzero(slices.train.first >= MIDDLE)[:9]] = 1
    found = months(replace(slices, train=replace(slices.train, label=label)), files, seed=0)
    assert found[0]["auc"] is not None
    assert found[1]["auc"] is None
