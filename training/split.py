"""The split by time: fit on old leads, calibrate on later ones, judge on the latest, as it will be in use.

The latest leads (by first event) are the test slice; it begins with the first event of the first of them. Of the older
leads only snapshots whose label window had closed by then are used, as somebody who trains on that day has no others:
the rest are embargoed. Of what is left, the oldest leads train and the later ones calibrate. A lead is in one slice
only.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stream.core.lead import Ints
from training.refusal import BelowFloor, TrainingRefused
from training.snapshots import Snapshots

TEST_SHARE: Final = 0.25
CALIBRATION_SHARE: Final = 0.25


@dataclass(frozen=True)
class Slices:
    """Three slices of the snapshots; counts of what the embargo took."""

    train: Snapshots
    calibration: Snapshots
    test: Snapshots
    embargoed: int
    test_begin: int
    """Time of the first event of the first lead in the test slice."""


@dataclass(frozen=True)
class Floor:
    """The least that is worth learning from, in the training slice."""

    leads: int
    conversions: int


def split(snapshots: Snapshots, within: int, floor: Floor) -> Slices:
    """The slices. Raises TrainingRefused where they are too small or have one class only."""
    if len(snapshots) == 0:
        raise TrainingRefused(
            "no lead has a label: no window closed before the log ended; give a longer log, "
            "a shorter --within or earlier --snapshots"
        )
    test_begin = _share(snapshots, 1 - TEST_SHARE)
    test = snapshots.of(snapshots.first >= test_begin)
    older = snapshots.first < test_begin
    closed = snapshots.time + within <= test_begin
    usable = snapshots.of(older & closed)
    if len(usable) == 0:
        raise TrainingRefused(
            f"all {int(older.sum())} older snapshots have label windows that reach into the test slice; "
            "give a longer log or a shorter --within"
        )
    calibration_begin = _share(usable, 1 - CALIBRATION_SHARE)
    slices = Slices(
        train=usable.of(usable.first < calibration_begin),
        calibration=usable.of(usable.first >= calibration_begin),
        test=test,
        embargoed=int((older & ~closed).sum()),
        test_begin=test_begin,
    )
    _check(slices, floor)
    return slices


def converted_leads(snapshots: Snapshots) -> int:
    """How many leads have a snapshot with label 1."""
    return len(np.unique(snapshots.lead[snapshots.label == 1]))


def lead_count(snapshots: Snapshots) -> int:
    """How many leads have a snapshot."""
    return len(np.unique(snapshots.lead))


def _share(snapshots: Snapshots, share: float) -> int:
    """The first-event time before which this share of the leads lies."""
    _, place = np.unique(snapshots.lead, return_index=True)
    first: Ints = np.sort(snapshots.first[place])
    return int(first[min(int(share * len(first)), len(first) - 1)])


def _check(slices: Slices, floor: Floor) -> None:
    for name, part in (("training", slices.train), ("calibration", slices.calibration), ("test", slices.test)):
        _refuse_one_class(name, part)
    leads, conversions = lead_count(slices.train), converted_leads(slices.train)
    if leads < floor.leads or conversions < floor.conversions:
        raise BelowFloor(
            f"too little to learn from: the training slice has {leads} leads of which {conversions} convert, "
            f"the least is {floor.leads} and {floor.conversions}; give a longer log, or keep the rules scorecard "
            "until there is more (--floor, --min-leads and --min-conversions set the floor)"
        )


def _refuse_one_class(name: str, part: Snapshots) -> None:
    conversions = int(part.label.sum())
    if 0 < conversions < len(part):
        return
    raise TrainingRefused(
        f"the {name} slice has one class only: {conversions} of {len(part)} snapshots of {lead_count(part)} leads "
        "convert; check observed.outcome in the settings, or give a longer log"
    )
