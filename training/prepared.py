"""From the log to the slices: what is learned from, and what later leads are judged by."""

from dataclasses import dataclass, replace

import numpy as np

from schemas.settings import Settings
from stream.core.fold import Matrix
from stream.core.plan import build_plan
from training.log import EventLog
from training.saying import Say
from training.segments import Field, with_segments
from training.snapshots import Snapshots
from training.split import Floor, Slices, split
from training.taking import LeftOut, take_snapshots


@dataclass(frozen=True)
class Prepared:
    """snapshots: how many there are. rows: their features. fields, columns: the segments of the test slice's leads."""

    log: EventLog
    left_out: LeftOut
    snapshots: int
    rows: Matrix
    slices: Slices
    fields: list[Field]
    columns: Matrix


def prepare(settings: Settings, log: EventLog, floor: Floor, say: Say) -> Prepared:
    """Snapshots and slices. The segments are taken along as further features, and cut off again before anything is
    fitted. Raises TrainingRefused where there is too little.
    """
    wider, fields = with_segments(settings)
    target, size = settings.target, len(settings.features)
    taken, left_out = take_snapshots(log, build_plan(wider), target.moments, target.within, say)
    wide = split(taken, target.within, floor)
    slices = replace(
        wide,
        train=_narrow(wide.train, size),
        calibration=_narrow(wide.calibration, size),
        test=_narrow(wide.test, size),
    )
    columns = wide.test.features[:, size:].copy()
    return Prepared(log, left_out, len(taken), taken.features[:, :size], slices, fields, columns)


def _narrow(part: Snapshots, size: int) -> Snapshots:
    return replace(part, features=np.ascontiguousarray(part.features[:, :size]))
