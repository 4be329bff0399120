"""Score changes, latest scores and alerts, built from what was decided. Their shapes are those of `schemas.records`."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.json import Encoder

from schemas.settings import Settings
from schemas.times import format_time
from stream.core.decide import BY_CLOCK, BY_EVENT, BY_MODEL, TOP_TIER, Decided
from stream.core.features import Vector
from stream.core.fold import Folded
from stream.core.ids import Origin, Tick, output_id
from stream.core.model import Model
from stream.core.outputs import Kind, Output, record_output
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
CAUSES: Final = {BY_EVENT: "event", BY_MODEL: "model", BY_CLOCK: "clock"}


class Updates(NamedTuple):
    """N updates that leave, in the order of the columns. timestamps: Kafka's, or the sweep's instant."""

    leads: Sequence[str]
    triggers: Sequence[Origin | Tick]
    timestamps: Sequence[int]
    positions: Sequence[dict[str, int]]


class _Shared(NamedTuple):
    """One update's part that is the same in each of its records. text: the JSON of `CommonShape` without its braces."""

    lead: str
    key: bytes
    trigger: Origin | Tick
    timestamp: int
    time: str
    tier: str
    text: bytes


class _Told(NamedTuple):
    """What was decided about N updates, as plain numbers: reading arrays one by one costs more than all the rest."""

    as_of: list[int]
    change: list[int]
    alert: list[int]
    tier: list[int]
    percentile: list[int]
    sequence: list[int]
    told_sequence: list[int]
    told: list[float]
    told_tier: list[int]
    told_percentile: list[int]
    log_odds: list[float]
    features: list[list[float]]


def probability(log_odds: float) -> float:
    """The inverse of the log-odds, to nine digits."""
    odds = math.exp(-abs(log_odds))
    return round((1.0 if log_odds >= 0 else odds) / (1.0 + odds), 9)


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
        told = _told(reasons, folded, decided, log_odds)
        drivers = self._drivers(reasons.moved, told.features)
        outputs: list[Output] = []
        for i in sequence:
            shared = self._shared(i, updates, told, model)
            rest = _change(i, updates, told, drivers[i], reasons.baseline)
            outputs.append(self._output("change", shared, b"," + _encode(rest)[1:]))
            outputs.append(self._output("latest", shared, b"}"))
            if told.alert[i]:
                outputs.append(self._alert(i, shared, told, drivers[i], reasons, folded, decided))
        return outputs

    def _shared(self, i: int, updates: Updates, told: _Told, model: Model) -> _Shared:
        lead, timestamp, as_of = updates.leads[i], updates.timestamps[i], told.as_of[i]
        time = format_time(timestamp)
        score = _current(i, told, model.tiers)
        common = CommonShape(
            lead,
            told.sequence[i],
            time,
            time if as_of == timestamp else format_time(as_of),
            {"conversion": score},
            model.digest,
            self._configuration,
        )
        return _Shared(lead, lead.encode(), updates.triggers[i], timestamp, time, score.tier, _encode(common)[1:-1])

    def _output(self, kind: Kind, shared: _Shared, rest: bytes, rule: str = "") -> Output:
        name = output_id(self._application, kind, shared.lead, shared.trigger, rule)
        value = b'{"id":"%b",%b%b' % (name.encode(), shared.text, rest)
        return record_output(self._application, kind, name, shared.key, value, shared.timestamp, shared.time)

    def _alert(
        self,
        i: int,
        shared: _Shared,
        told: _Told,
        drivers: list[DriverShape],
        reasons: Reasons,
        folded: Folded,
        decided: Decided,
    ) -> Output:
        event = int(reasons.events[i])
        rule = "top_tier" if told.alert[i] == TOP_TIER else "rise"
        if not any(driver.change > 0 for driver in drivers):
            # What lifted the lead was told in earlier changes: an alert still says what holds it up.
            overall = Strongest(*[part[i : i + 1] for part in reasons.overall])
            (drivers,) = self._drivers(overall, told.features[i : i + 1])
        alert = AlertShape(
            rule,
            float(decided.rise[event]),
            _sentence(shared.tier, drivers),
            _trigger(shared.trigger),
            drivers,
            self._occurrences(folded, event),
        )
        return self._output("alert", shared, b"," + _encode(alert)[1:], rule)

    def _drivers(self, strongest: Strongest, features: list[list[float]]) -> list[list[DriverShape]]:
        """Of each update those that count for something."""
        names, describe = self._names, self._wording.describe
        return [
            [
                DriverShape(
                    names[place], vector[place], now / THOUSAND, change / THOUSAND, describe(place, vector[place])
                )
                for place, now, change in zip(*row, strict=True)
                if change != 0
            ]
            for *row, vector in zip(*(part.tolist() for part in strongest), features, strict=True)
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


def _change(i: int, updates: Updates, told: _Told, drivers: list[DriverShape], baseline: float) -> ChangeShape:
    baseline = round(baseline, 6)
    return ChangeShape(
        CAUSES[told.change[i]],
        _trigger(updates.triggers[i]),
        drivers,
        baseline,
        round(told.log_odds[i] - baseline - sum([driver.contribution for driver in drivers]), 9),
        told.features[i],
        updates.positions[i],
    )


def _told(reasons: Reasons, folded: Folded, decided: Decided, log_odds: Vector) -> _Told:
    events = reasons.events
    return _Told(
        folded.as_of[events].tolist(),
        decided.change[events].tolist(),
        decided.alert[events].tolist(),
        decided.tier[events].tolist(),
        decided.percentile[events].tolist(),
        decided.sequence[events].tolist(),
        decided.told_sequence[events].tolist(),
        decided.told[events].tolist(),
        decided.told_tier[events].tolist(),
        decided.told_percentile[events].tolist(),
        log_odds[events].tolist(),
        folded.features[events].tolist(),
    )


def _trigger(trigger: Origin | Tick) -> dict[str, str | int]:
    if isinstance(trigger, Tick):
        return {"tick": format_time(trigger.instant)}
    return {"topic": trigger.topic, "partition": trigger.partition, "offset": trigger.offset}


def _current(i: int, told: _Told, tiers: list[str]) -> CurrentShape:
    previous = None
    if told.told_sequence[i]:
        chance = probability(told.told[i])
        previous = ScoreShape(
            chance,
            round(100 * chance, 7),
            told.told[i],
            _percentile(told.told_percentile[i]),
            # A tier told by a model with more tiers than this one has counts as the lowest.
            tiers[min(told.told_tier[i], len(tiers) - 1)],
        )
    chance = probability(told.log_odds[i])
    return CurrentShape(
        chance,
        round(100 * chance, 7),
        told.log_odds[i],
        _percentile(told.percentile[i]),
        tiers[told.tier[i]],
        previous,
    )


def _percentile(stored: int) -> int | None:
    return None if stored == NO_PERCENTILE else stored


def _sentence(tier: str, drivers: list[DriverShape]) -> str:
    raising = [driver.text for driver in drivers if driver.change > 0][:SAID_IN_ALERT]
    return f"{tier.capitalize()}: {'; '.join(raising)}" if raising else tier.capitalize()
