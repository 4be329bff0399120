"""When it is time to train again: so long after the data of the latest model, or when later leads score otherwise.

A model that was judged and not promoted counts as well: the same data would get the same verdict again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from schemas.manifest import ModelManifest
from schemas.times import DAY, format_time, parse_time
from stream.core.features import Vector
from stream.core.lead import Ints
from training.arrays import Doubles
from training.drift import MUCH, shares, stability_index
from training.refusal import TrainingRefused

Cadence = Literal["weekly", "monthly", "quarterly", "drift"]

PERIODS: Final[dict[str, int]] = {"weekly": 7 * DAY, "monthly": 30 * DAY, "quarterly": 91 * DAY}
FEW_LEADS: Final = 200
"""Below so many later leads an index of stability is mostly chance: with ten bins, about 9 / leads by itself."""


@dataclass(frozen=True)
class Due:
    """Whether to train now, and why or why not, as a sentence."""

    due: bool
    text: str


def latest(manifests: Iterable[ModelManifest], features_digest: str) -> ModelManifest | None:
    """Of the trained models with these features the one with the latest data; None where there is none."""
    fitting = [each for each in manifests if each.kind != "rules" and each.features_digest == features_digest]
    return max(fitting, key=lambda each: parse_time(each.created), default=None)


def due_by_time(cadence: str, model: ModelManifest | None, now: int) -> Due:
    """`now` in milliseconds since 1970. A period runs from the last event that the latest model was made from."""
    if model is None:
        return Due(True, "due: no model was trained with these features yet")
    next_time = parse_time(model.created) + PERIODS[cadence]
    if now < next_time:
        return Due(False, f"not due until {format_time(next_time)}: the latest model's data end at {model.created}")
    return Due(True, f"due since {format_time(next_time)}: the latest model's data end at {model.created}")


def due_by_drift(model: ModelManifest, lead: Ints, day: Ints, log_odds: Vector) -> Due:
    """Snapshots of leads first seen after the model's data, with the model's own log-odds for them.

    Raises TrainingRefused where the manifest has no distribution to compare with.
    """
    leads = len(np.unique(lead))
    if leads < FEW_LEADS:
        return Due(
            False,
            f"not due: {leads} leads are later than the latest model's data, {FEW_LEADS} are needed to tell drift",
        )
    kept = recorded(model)
    edges = np.array(kept["edges"], np.float32)
    found = shares(log_odds, edges, _like_then(day, model))
    index = stability_index(np.array(kept["now"], np.float64), found)
    text = (
        f"the scores of {leads} later leads have a stability index of {index:.3f} against the model's own later slice"
    )
    if index > MUCH:
        return Due(True, f"due: {text}, above {MUCH}")
    return Due(False, f"not due until leads change: {text}, {MUCH} is much")


def recorded(model: ModelManifest) -> dict[str, Any]:
    """The distribution of scores that the manifest holds: edges of bins, and their shares in the later slice."""
    found = model.metrics.get("drift", {}).get("score")
    if not isinstance(found, dict) or not {"edges", "now"} <= set(found):
        raise TrainingRefused("the latest model holds no distribution of its scores: train once without --if-due")
    return found


def _like_then(day: Ints, model: ModelManifest) -> Doubles:
    """Weights that give each moment the share it has in the manifest: late leads have been seen at early ones only, and
    that alone is no drift. Moments that the manifest does not know have none.
    """
    counts = {int(group): found["snapshots"] for group, found in model.metrics["test"].get("by_day", {}).items()}
    days, place = np.unique(day, return_inverse=True)
    wanted = np.array([counts.get(each, 0) for each in days.tolist()], np.float64)
    if not wanted.any():
        return np.ones(len(day))
    weights: Doubles = (wanted / np.bincount(place))[place]
    return weights
