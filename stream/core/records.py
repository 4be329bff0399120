"""Score changes, latest scores and alerts, built from what was decided."""

import math
from typing import Any, Final, NamedTuple

import numpy as np

from schemas.settings import Settings
from schemas.times import format_time
from stream.core.decide import TOP_TIER, Decided
from stream.core.fold import Folded
from stream.core.ids import Origin, output_id
from stream.core.model import Model
from stream.core.outputs import Output, record_output
from stream.core.standing import NO_PERCENTILE
from stream.core.wording import Wording

THOUSAND: Final = 1000.0
SAID_IN_ALERT: Final = 3

Thousandths = np.ndarray[tuple[int, int], np.dtype[np.int32]]


class Strongest(NamedTuple):
    """The features that count most, the strongest first. places: in the vector. now: their contributions, and change:
    how those moved, both in thousandths of log-odds.
    """

    places: list[int]
    now: list[int]
    change: list[int]


class Emission(NamedTuple):
    """One event whose update leaves. event: its place in the columns. moved: by change since the lead's last record.
    overall: by contribution, which an alert falls back on.
    """

    event: int
    lead: str
    origin: Origin
    timestamp: int
    log_odds: float
    moved: Strongest
    overall: Strongest
    baseline: float
    positions: dict[str, int]
    by_model: bool


def strongest(now: Thousandths, change: Thousandths, most: int) -> list[Strongest]:
    """For each row of contributions in thousandths, the `most` features that changed most; ties by place."""
    order = np.argsort(-np.abs(change.astype(np.int32)), axis=1, kind="stable")[:, :most]
    return [
        Strongest(*row)
        for row in zip(
            order.tolist(),
            np.take_along_axis(now, order, axis=1).tolist(),
            np.take_along_axis(change, order, axis=1).tolist(),
            strict=True,
        )
    ]


def probability(log_odds: float) -> float:
    """The inverse of the log-odds, to nine digits."""
    odds = math.exp(-abs(log_odds))
    return round((1.0 if log_odds >= 0 else odds) / (1.0 + odds), 9)


class Recorder:
    """Builds the records of one application."""

    def __init__(self, settings: Settings, configuration: str) -> None:
        self._settings = settings
        self._application = settings.application
        self._configuration = configuration
        self._wording = Wording(settings)
        self._names = [feature.name for feature in settings.features]
        self._signals = {signal.number: signal for signal in settings.observed.signals}

    def build(self, emission: Emission, folded: Folded, decided: Decided, model: Model) -> list[Output]:
        """The outputs of one emission: the change, the latest score and, where one fired, the alert."""
        event = emission.event
        common: dict[str, Any] = {
            "lead": emission.lead,
            "sequence": int(decided.sequence[event]),
            "time": format_time(emission.timestamp),
            "as_of": format_time(int(folded.as_of[event])),
            "scores": {"conversion": _current(emission, decided, model)},
            "model": model.digest,
            "configuration": self._configuration,
        }
        features = folded.features[event].tolist()
        drivers = self._drivers(emission.moved, features)
        trigger = emission.origin._asdict()
        change = {
            "id": self._id("change", emission),
            **common,
            "cause": "model" if emission.by_model else "event",
            "trigger": trigger,
            "drivers": drivers,
            "baseline": round(emission.baseline, 6),
            "rest": _rest(emission, drivers),
            "features": features,
            "positions": emission.positions,
            "holdout": False,
        }
        outputs = [
            record_output(self._application, "change", change, emission.timestamp),
            record_output(
                self._application, "latest", {"id": self._id("latest", emission), **common}, emission.timestamp
            ),
        ]
        if decided.alert[event]:
            rule = "top_tier" if decided.alert[event] == TOP_TIER else "rise"
            if not any(driver["change"] > 0 for driver in drivers):
                # What lifted the lead was told in earlier changes: an alert still says what holds it up.
                drivers = self._drivers(emission.overall, features)
            alert = {
                "id": self._id("alert", emission, rule),
                **common,
                "rule": rule,
                "rise": float(decided.rise[event]),
                "text": _sentence(common["scores"]["conversion"]["tier"], drivers),
                "trigger": trigger,
                "drivers": drivers,
                "events": self._occurrences(folded, event),
            }
            outputs.append(record_output(self._application, "alert", alert, emission.timestamp))
        return outputs

    def _id(self, kind: str, emission: Emission, rule: str = "") -> str:
        return output_id(self._application, kind, emission.lead, emission.origin, rule)

    def _drivers(self, strongest: Strongest, features: list[float]) -> list[dict[str, Any]]:
        return [
            {
                "feature": self._names[place],
                "value": features[place],
                "contribution": now / THOUSAND,
                "change": change / THOUSAND,
                "text": self._wording.describe(place, features[place]),
            }
            for place, now, change in zip(*strongest, strict=True)
            if change != 0
        ]

    def _occurrences(self, folded: Folded, event: int) -> list[dict[str, Any]]:
        latest = range(int(folded.notable[event]) - 1, -1, -1)
        signals = [self._signals.get(int(folded.notable_signal[event, i])) for i in latest]
        return [
            {
                "signal": signal.name,
                "label": signal.label,
                "time": format_time(int(folded.notable_time[event, i])),
                "event": f"{int(folded.notable_hash[event, i]):016x}",
            }
            for i, signal in zip(latest, signals, strict=True)
            if signal is not None
        ]


def _current(emission: Emission, decided: Decided, model: Model) -> dict[str, Any]:
    event = emission.event
    now = _score(emission.log_odds, int(decided.tier[event]), int(decided.percentile[event]), model.tiers)
    previous = None
    if decided.told_sequence[event]:
        told, tier, percentile = decided.told[event], decided.told_tier[event], decided.told_percentile[event]
        previous = _score(float(told), int(tier), int(percentile), model.tiers)
    return {**now, "previous": previous}


def _score(log_odds: float, tier: int, percentile: int, tiers: list[str]) -> dict[str, Any]:
    chance = probability(log_odds)
    return {
        "probability": chance,
        "score": round(100 * chance, 7),
        "log_odds": log_odds,
        "percentile": None if percentile == NO_PERCENTILE else percentile,
        # A tier told by a model with more tiers than this one has counts as the lowest.
        "tier": tiers[min(tier, len(tiers) - 1)],
    }


def _rest(emission: Emission, drivers: list[dict[str, Any]]) -> float:
    named: float = sum(driver["contribution"] for driver in drivers)
    return round(emission.log_odds - round(emission.baseline, 6) - named, 9)


def _sentence(tier: str, drivers: list[dict[str, Any]]) -> str:
    raising = [driver["text"] for driver in drivers if driver["change"] > 0][:SAID_IN_ALERT]
    return f"{tier.capitalize()}: {'; '.join(raising)}" if raising else tier.capitalize()
