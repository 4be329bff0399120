"""Score changes, latest scores and alerts, built from what was decided. Their shapes are those of `schemas.records`.

All updates of a batch are built field by field, not one by one: a call of a function costs more than most fields.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec.json import Encoder

from schemas.settings import Settings
from schemas.times import format_time
from stream.core.decide import BY_CLOCK, BY_EVENT, BY_MODEL, TOP_TIER, Decided
from stream.core.features import Vector
from stream.core.fold import Folded, Matrix
from stream.core.ids import Origin, Tick, origin_of, output_ids
from stream.core.lead import Ints
from stream.core.model import Model
from stream.core.outputs import Kind, Output, record_outputs
from stream.core.reasons import Reasons, Strongest
from stream.core.shapes import (
    AlertShape,
    ChangeShape,
    CommonShape,
    CurrentShape,
    DriverShape,
    OccurrenceShape,
    ScoreShape,
)
from stream.core.standing import NO_PERCENTILE
from stream.core.wording import Wording

THOUSAND: Final = 1000.0
SAID_IN_ALERT: Final = 3
_encode: Final = Encoder().encode

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]

CAUSES: Final = {BY_EVENT: "event", BY_MODEL: "model", BY_CLOCK: "clock"}


class Updates(NamedTuple):
    """N updates that leave, in the order of the columns. timestamps: Kafka's, or the sweep's instant."""

    leads: Sequence[str]
    triggers: Sequence[Origin | Tick]
    timestamps: Sequence[int]
    positions: Sequence[dict[str, int]]


class _Told(NamedTuple):
    """What was decided about N updates, as plain numbers: reading arrays one by one costs more than all the rest."""

    as_of: list[int]
    change: list[int]
    alert: list[int]
    sequence: list[int]
    features: list[list[float]]
    scores: list[CurrentShape]


class _Shared(NamedTuple):
    """What the records of each of N updates share. text: the JSON of `CommonShape`, without its braces. origins: what
    the names of its records are made of.
    """

    keys: list[bytes]
    times: list[str]
    texts: list[bytes]
    triggers: list[dict[str, str | int]]
    origins: list[str]


class Recorder:
    """Builds the records of one application."""

    def __init__(self, settings: Settings, configuration: str) -> None:
        self._application = settings.application
        self._configuration = configuration
        self._wording = Wording(settings)
        self._names = [feature.name for feature in settings.features]
        self._signals = {signal.number: signal for signal in settings.observed.signals}

    def record(
        self,
        updates: Updates,
        reasons: Reasons,
        folded: Folded,
        decided: Decided,
        log_odds: Vector,
        model: Model,
        sequence: Iterable[int],
    ) -> list[Output]:
        """The outputs of all updates, in this sequence of their places: for each the change, the latest score and,
        where one fired, the alert.
        """
        features = folded.features[reasons.events]
        told = _told(reasons, folded, decided, log_odds, model.tiers)
        shared = self._shared(updates, told, model)
        drivers = self._drivers(reasons.moved, features)
        rests = _changes(updates, shared, told, drivers, reasons, log_odds)
        changes = self._outputs("change", updates, shared, rests)
        latest = self._outputs("latest", updates, shared, [b"}"] * len(rests))
        alerts = self._alerts(updates, shared, told, drivers, reasons, folded, decided)
        outputs: list[Output] = []
        for i in sequence:
            outputs += (changes[i], latest[i], alerts[i]) if i in alerts else (changes[i], latest[i])
        return outputs

    def _shared(self, updates: Updates, told: _Told, model: Model) -> _Shared:
        times = [format_time(timestamp) for timestamp in updates.timestamps]
        as_of = times if told.as_of == updates.timestamps else [format_time(instant) for instant in told.as_of]
        digest, configuration = model.digest, self._configuration
        return _Shared(
            [lead.encode() for lead in updates.leads],
            times,
            [
                _encode(CommonShape(lead, sequence, time, instant, {"conversion": score}, digest, configuration))[1:-1]
                for lead, sequence, time, instant, score in zip(
                    updates.leads, told.sequence, times, as_of, told.scores, strict=True
                )
            ],
            [
                {"tick": time} if isinstance(trigger, Tick) else trigger._asdict()
                for trigger, time in zip(updates.triggers, times, strict=True)
            ],
            [origin_of(lead, trigger) for lead, trigger in zip(updates.leads, updates.triggers, strict=True)],
        )

    def _outputs(self, kind: Kind, updates: Updates, shared: _Shared, rests: list[bytes]) -> list[Output]:
        names = output_ids(self._application, kind, shared.origins)
        values = [
            b'{"id":"%b",%b%b' % (name.encode(), text, rest)
            for name, text, rest in zip(names, shared.texts, rests, strict=True)
        ]
        return record_outputs(self._application, kind, names, shared.keys, values, updates.timestamps, shared.times)

    def _alerts(
        self,
        updates: Updates,
        shared: _Shared,
        told: _Told,
        drivers: list[list[DriverShape]],
        reasons: Reasons,
        folded: Folded,
        decided: Decided,
    ) -> dict[int, Output]:
        """By place; there are few."""
        alerts = {}
        for i in np.flatnonzero(told.alert).tolist():
            event = int(reasons.events[i])
            rule = "top_tier" if told.alert[i] == TOP_TIER else "rise"
            named = drivers[i]
            if not any(driver.change > 0 for driver in named):
                # What lifted the lead was told in earlier changes: an alert still says what holds it up.
                overall = Strongest(*[part[i : i + 1] for part in reasons.overall])
                (named,) = self._drivers(overall, folded.features[event : event + 1])
            alert = AlertShape(
                rule,
                float(decided.rise[event]),
                _sentence(told.scores[i].tier, named),
                shared.triggers[i],
                named,
                self._occurrences(folded, event),
            )
            names = output_ids(self._application, "alert", [shared.origins[i]], rule)
            value = b'{"id":"%b",%b,%b' % (names[0].encode(), shared.texts[i], _encode(alert)[1:])
            times = [updates.timestamps[i]], [shared.times[i]]
            (alerts[i],) = record_outputs(self._application, "alert", names, [shared.keys[i]], [value], *times)
        return alerts

    def _drivers(self, strongest: Strongest, features: Matrix) -> list[list[DriverShape]]:
        """Of each update those that count for something."""
        names, describe, places = self._names, self._wording.describe, strongest.places
        rows = zip(
            places.tolist(),
            np.take_along_axis(features, places, axis=1).tolist(),
            np.take_along_axis(self._wording.coarse(features), places, axis=1).tolist(),
            (strongest.now / THOUSAND).tolist(),
            (strongest.change / THOUSAND).tolist(),
            strict=True,
        )
        return [
            [
                DriverShape(names[place], value, now, change, describe(place, said))
                for place, value, said, now, change in zip(*row, strict=True)
                if change
            ]
            for row in rows
        ]

    def _occurrences(self, folded: Folded, event: int) -> list[OccurrenceShape]:
        latest = range(int(folded.notable[event]) - 1, -1, -1)
        signals = [self._signals.get(int(folded.notable_signal[event, i])) for i in latest]
        return [
            OccurrenceShape(
                signal.name,
                signal.label,
                format_time(int(folded.notable_time[event, i])),
                f"{int(folded.notable_hash[event, i]):016x}",
            )
            for i, signal in zip(latest, signals, strict=True)
            if signal is not None
        ]


def _changes(
    updates: Updates,
    shared: _Shared,
    told: _Told,
    drivers: list[list[DriverShape]],
    reasons: Reasons,
    log_odds: Vector,
) -> list[bytes]:
    """The JSON of what changes alone have, with a comma before it."""
    baseline = round(reasons.baseline, 6)
    named = np.where(reasons.moved.change != 0, reasons.moved.now, 0).sum(axis=1) / THOUSAND
    rests = _rounded(log_odds[reasons.events].astype(np.float64) - baseline - named, 9).tolist()
    return [
        b",%b" % _encode(ChangeShape(CAUSES[change], trigger, named, baseline, rest, features, positions))[1:]
        for change, trigger, named, rest, features, positions in zip(
            told.change, shared.triggers, drivers, rests, told.features, updates.positions, strict=True
        )
    ]


def _told(reasons: Reasons, folded: Folded, decided: Decided, log_odds: Vector, tiers: list[str]) -> _Told:
    events = reasons.events
    return _Told(
        folded.as_of[events].tolist(),
        decided.change[events].tolist(),
        decided.alert[events].tolist(),
        decided.sequence[events].tolist(),
        folded.features[events].tolist(),
        _scores(events, decided, log_odds, tiers),
    )


def _scores(events: Ints, decided: Decided, log_odds: Vector, tiers: list[str]) -> list[CurrentShape]:
    """The scores of these events, each with that of the lead's record before."""
    # A tier told by a model with more tiers than this one has counts as the lowest.
    before = [
        ScoreShape(chance, score, odds, percentile, tiers[min(tier, len(tiers) - 1)]) if sequence else None
        for sequence, tier, percentile, (chance, score, odds) in zip(
            decided.told_sequence[events].tolist(),
            decided.told_tier[events].tolist(),
            _percentiles(decided.told_percentile[events]),
            _chances(decided.told[events]),
            strict=True,
        )
    ]
    return [
        CurrentShape(chance, score, odds, percentile, tiers[tier], previous)
        for tier, percentile, (chance, score, odds), previous in zip(
            decided.tier[events].tolist(),
            _percentiles(decided.percentile[events]),
            _chances(log_odds[events]),
            before,
            strict=True,
        )
    ]


def _chances(log_odds: Vector) -> list[tuple[float, float, float]]:
    """Probability to nine digits (the inverse of the log-odds), 100 times that to seven, and the log-odds."""
    wide = log_odds.astype(np.float64)
    odds = np.exp(-np.abs(wide))
    chance = _rounded(np.where(wide >= 0, 1.0, odds) / (1.0 + odds), 9)
    return list(zip(chance.tolist(), _rounded(100 * chance, 7).tolist(), wide.tolist(), strict=True))


def _rounded(numbers: Doubles, digits: int) -> Doubles:
    """The doubles nearest to the decimal numbers of so many digits."""
    scale = 10.0**digits
    return np.rint(numbers * scale) / scale


def _percentiles(stored: Ints) -> list[int | None]:
    return [None if percentile == NO_PERCENTILE else percentile for percentile in stored.tolist()]


def _sentence(tier: str, drivers: list[DriverShape]) -> str:
    raising = [driver.text for driver in drivers if driver.change > 0][:SAID_IN_ALERT]
    return f"{tier.capitalize()}: {'; '.join(raising)}" if raising else tier.capitalize()
