"""Groups of leads by profile: whether a model treats them alike, and whether its probabilities hold in each.

Segments are the values of the settings' category fields, whether a feature uses the field or not. Selected is who
stands in the highest tier. The ratio of the lowest to the highest selection rate is what the four-fifths rule of the US
Uniform Guidelines on Employee Selection Procedures (1978) asks about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from schemas.features import Profile
from schemas.settings import Settings
from schemas.signals import CategoryField
from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.core.lead import Flags
from training.arrays import DoubleRows, Doubles
from training.figures import resamples
from training.likelihood import probability
from training.snapshots import Snapshots

FEW_LEADS: Final = 100
FEW_CONVERSIONS: Final = 10
"""A segment with fewer of either is small: shown, and no verdict rests on it."""
OTHERS: Final = "others"
"""Leads of no value that the settings tell apart, and those of whom the field is not known."""


@dataclass(frozen=True)
class Field:
    """A category field. place: where its columns begin in the matrix of segment columns, one a value."""

    name: str
    values: tuple[str, ...]
    place: int


def with_segments(settings: Settings) -> tuple[Settings, list[Field]]:
    """The settings with a feature more for each value of each category field, behind the others, and where they are."""
    fields: list[Field] = []
    more: list[Profile] = []
    for field in settings.observed.profile:
        if isinstance(field, CategoryField):
            fields.append(Field(field.name, field.values, len(more)))
            more += [
                Profile(kind="profile", name=f"segment_{len(more) + place}", field=field.name, equals=value)
                for place, value in enumerate(field.values)
            ]
    return settings.model_copy(update={"features": (*settings.features, *more)}), fields


def judge_segments(
    snapshots: Snapshots, log_odds: Vector, columns: Matrix, fields: Sequence[Field], edge: float, seed: int
) -> list[dict[str, Any]]:
    """By field, its segments and how far apart they are; `edge`: log-odds from which a lead is selected. Selection,
    calibration gap and true-positive rate have 95% intervals from resampled leads.
    """
    return [_judge(snapshots, log_odds, _members(columns, field), field, edge, seed) for field in fields]


def _members(columns: Matrix, field: Field) -> dict[str, Flags]:
    """By segment, who is in it; segments without anybody are left out."""
    found: dict[str, Flags] = {}
    known = np.zeros(len(columns), np.bool_)
    for place, value in enumerate(field.values):
        found[value] = columns[:, field.place + place] == 1
        known |= found[value]
    found[OTHERS] = ~known
    return {value: members for value, members in found.items() if members.any()}


def _judge(
    snapshots: Snapshots, log_odds: Vector, members: dict[str, Flags], field: Field, edge: float, seed: int
) -> dict[str, Any]:
    masks = np.array(list(members.values()), np.float64)
    label = snapshots.label.astype(np.float64)
    selected = (log_odds >= np.float32(edge)).astype(np.float64)
    columns = np.column_stack(
        [np.ones(len(label)), selected, probability(log_odds.astype(np.float64)), label, label * selected]
    )
    leads = [len(np.unique(snapshots.lead[mask])) for mask in members.values()]
    converting = [len(np.unique(snapshots.lead[mask & (snapshots.label == 1)])) for mask in members.values()]
    small = np.array([a < FEW_LEADS or b < FEW_CONVERSIONS for a, b in zip(leads, converting, strict=True)])
    value = _rates(masks @ columns)
    drawn = np.array([_rates((masks * weight) @ columns) for weight in resamples(snapshots, seed)])
    segments = [
        {
            "value": name,
            "leads": leads[s],
            "converting_leads": converting[s],
            "snapshots": int(masks[s].sum()),
            "small": bool(small[s]),
            "predicted": round(float(value[s, 3]), 6),
            "observed": round(float(value[s, 4]), 6),
            "selected": _interval(value[s, 0], drawn[:, s, 0]),
            "calibration_gap": _interval(value[s, 1], drawn[:, s, 1]),
            "true_positive_rate": _interval(value[s, 2], drawn[:, s, 2]),
        }
        for s, name in enumerate(members)
    ]
    found: dict[str, Any] = {"field": field.name, "segments": segments}
    if (~small).sum() > 1:
        found["selection_ratio"] = _interval(_ratio(value[None, ~small, 0])[0], _ratio(drawn[:, ~small, 0]))
        found["true_positive_gap"] = _interval(_range(value[None, ~small, 2])[0], _range(drawn[:, ~small, 2]))
    return found


def _rates(sums: DoubleRows) -> DoubleRows:
    """By segment: selection rate, calibration gap (said less happened), true-positive rate, said, happened."""
    count, selected, said, ones, hits = sums.T
    safe, safe_ones = np.where(count > 0, count, np.nan), np.where(ones > 0, ones, np.nan)
    return np.column_stack([selected / safe, (said - ones) / safe, hits / safe_ones, said / safe, ones / safe])


def _ratio(rates: DoubleRows) -> Doubles:
    """The lowest to the highest, row by row; 1 where nobody is selected."""
    most = rates.max(axis=1)
    found: Doubles = np.where(most > 0, rates.min(axis=1) / np.where(most > 0, most, 1.0), 1.0)
    return found


def _range(rates: DoubleRows) -> Doubles:
    found: Doubles = rates.max(axis=1) - rates.min(axis=1)
    return found


def _interval(value: float, drawn: Doubles) -> dict[str, float] | None:
    """None where it cannot be known, as a true-positive rate without a conversion."""
    seen = drawn[~np.isnan(drawn)]
    if np.isnan(value) or len(seen) == 0:
        return None
    low, high = np.percentile(seen, (2.5, 97.5))
    return {"value": round(float(value), 6), "low": round(float(low), 6), "high": round(float(high), 6)}
