"""Score changes, latest scores and alerts, built from what was decided. Their shapes are those of `schemas.records`.

All updates of a batch are built field by field, not one by one, as text: a call of a function, and every object made on
the way, costs more than most fields.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from msgspec import Raw

from schemas.cloudevents import Kind
from schemas.settings import Settings
from schemas.times import format_time
from stream.core.decide import BY_CLOCK, BY_EVENT, BY_MODEL, TOP_TIER, Decided
from stream.core.features import Vector
from stream.core.fold import Folded, Matrix
from stream.core.ids import Origin, Tick, origin_of, output_ids
from stream.core.model import Model
from stream.core.outputs import Headers, Output, record_outputs
from stream.core.reasons import Reasons, Strongest
from stream.core.shapes import AlertShape, DriverShape, OccurrenceShape
from stream.core.texts import encode, numbers, quoted, rounded, scores, vectors
from stream.core.wording import Wording

THOUSAND: Final = 1000.0
SAID_IN_ALERT: Final = 3

CAUSES: Final = {BY_EVENT: b'"event"', BY_MODEL: b'"model"', BY_CLOCK: b'"clock"'}


class Updates(NamedTuple):
    """N updates that leave, in the order of the columns. keys: the leads. timestamps: Kafka's, or the sweep's instant.
    carried: headers of the record that brought each, which its outputs carry on.
    """

    keys: Sequence[bytes]
    triggers: Sequence[Origin | Tick]
    timestamps: Sequence[int]
    positions: Sequence[dict[str, int]]
    carried: Sequence[Headers]


class _Shared(NamedTuple):
    """What the records of each of N updates share. texts: the JSON that all have between their id and what is their
    own, without braces. triggers: as JSON. origins: what the names of its records are made of.
    """

    times: list[bytes]
    texts: list[bytes]
    triggers: list[bytes]
    origins: list[bytes]


class Recorder:
    """Builds the records of one application."""

    def __init__(self, settings: Settings, configuration: str) -> None:
        self._application = settings.application
        self._configuration = configuration
        self._wording = Wording(settings)
        self._names = [feature.name for feature in settings.features]
        self._signals = {signal.number: signal for signal in settings.observed.signals}
        self._said = lru_cache(maxsize=65_536)(self._say)

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
        shared = self._shared(updates, reasons, folded, decided, log_odds, model)
        rests = _changes(updates, shared, self._drivers(reasons.moved, features), reasons, decided, log_odds, features)
        changes = self._outputs("change", updates, shared, rests)
        latest = self._outputs("latest", updates, shared, [b"}"] * len(rests))
        alerts = self._alerts(updates, shared, reasons, folded, decided, model)
        outputs: list[Output] = []
        for i in sequence:
            outputs += (changes[i], latest[i], alerts[i]) if i in alerts else (changes[i], latest[i])
        return outputs

    def _shared(
        self,
        updates: Updates,
        reasons: Reasons,
        folded: Folded,
        decided: Decided,
        log_odds: Vector,
        model: Model,
    ) -> _Shared:
        events = reasons.events
        times = [format_time(timestamp).encode() for timestamp in updates.timestamps]
        as_of = folded.as_of[events].tolist()
        by = b'"model":%b,"configuration":%b' % (quoted(model.digest), quoted(self._configuration))
        columns = (
            [encode(key.decode()) for key in updates.keys],
            numbers(decided.sequence[events].tolist()),
            times,
            times if as_of == updates.timestamps else [format_time(instant).encode() for instant in as_of],
            scores(log_odds[events], _tiers(decided.tier[events].tolist(), model), decided.percentile[events]),
            _before(reasons, decided, model),
        )
        return _Shared(
            times,
            [
                b'"lead":%b,"sequence":%b,"time":"%b","as_of":"%b","scores":{"conversion":{%b,"previous":%b}},' % each
                + by
                for each in zip(*columns, strict=True)
            ],
            [_trigger(trigger, time) for trigger, time in zip(updates.triggers, times, strict=True)],
            [origin_of(key, trigger) for key, trigger in zip(updates.keys, updates.triggers, strict=True)],
        )

    def _outputs(self, kind: Kind, updates: Updates, shared: _Shared, rests: list[bytes]) -> list[Output]:
        names = output_ids(self._application, kind, shared.origins)
        values = [b'{"id":"%b",%b%b' % each for each in zip(names, shared.texts, rests, strict=True)]
        return record_outputs(
            self._application, kind, names, updates.keys, values, updates.timestamps, shared.times, updates.carried
        )

    def _alerts(
        self, updates: Updates, shared: _Shared, reasons: Reasons, folded: Folded, decided: Decided, model: Model
    ) -> dict[int, Output]:
        """By place; there are few."""
        alerts = {}
        fired = decided.alert[reasons.events]
        for i in np.flatnonzero(fired).tolist():
            event = int(reasons.events[i])
            rule = "top_tier" if fired[i] == TOP_TIER else "rise"
            named = self._named(reasons.moved, i, folded.features[event])
            if not any(driver.change > 0 for driver in named):
                # What lifted the lead was told in earlier changes: an alert still says what holds it up.
                named = self._named(reasons.overall, i, folded.features[event])
            tier = model.tiers[decided.tier[event]]
            alert = AlertShape(
                rule,
                float(decided.rise[event]),
                _sentence(tier, named),
                Raw(shared.triggers[i]),
                named,
                self._occurrences(folded, event),
            )
            names = output_ids(self._application, "alert", [shared.origins[i]], rule)
            value = b'{"id":"%b",%b,%b' % (names[0], shared.texts[i], encode(alert)[1:])
            rest = [updates.timestamps[i]], [shared.times[i]], [updates.carried[i]]
            (alerts[i],) = record_outputs(self._application, "alert", names, [updates.keys[i]], [value], *rest)
        return alerts

    def _drivers(self, strongest: Strongest, features: Matrix) -> list[bytes]:
        """Of each update those that count for something, as JSON without brackets."""
        most = strongest.places.shape[1]
        columns = (
            strongest.places.ravel().tolist(),
            np.take_along_axis(self._wording.coarse(features), strongest.places, axis=1).ravel().tolist(),
            numbers(np.take_along_axis(features, strongest.places, axis=1).ravel().tolist()),
            numbers((strongest.now / THOUSAND).ravel().tolist()),
            numbers((strongest.change / THOUSAND).ravel().tolist()),
        )
        said = self._said
        texts = [
            said(place, told) % (value, now, change) for place, told, value, now, change in zip(*columns, strict=True)
        ]
        # The strongest come first, so those that count for nothing are the last.
        sizes = np.count_nonzero(strongest.change, axis=1).tolist()
        return [b",".join(texts[at : at + size]) for at, size in zip(range(0, len(texts), most), sizes, strict=True)]

    def _say(self, place: int, value: float) -> bytes:
        """A driver as JSON, with places for its exact value, its contribution and how that changed."""
        text = encode(self._wording.describe(place, value)).replace(b"%", b"%%")
        name = quoted(self._names[place]).replace(b"%", b"%%")
        return b'{"feature":' + name + b',"value":%b,"contribution":%b,"change":%b,"text":' + text + b"}"

    def _named(self, strongest: Strongest, update: int, features: Vector) -> list[DriverShape]:
        """Of one update those that count for something."""
        said = self._wording.coarse(features[np.newaxis])[0]
        return [
            DriverShape(
                self._names[place],
                float(features[place]),
                now / THOUSAND,
                change / THOUSAND,
                self._wording.describe(place, float(said[place])),
            )
            for place, now, change in zip(*(part[update].tolist() for part in strongest), strict=True)
            if change
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
    drivers: list[bytes],
    reasons: Reasons,
    decided: Decided,
    log_odds: Vector,
    features: Matrix,
) -> list[bytes]:
    """The JSON of what changes alone have, with a comma before it."""
    baseline = round(reasons.baseline, 6)
    named = np.where(reasons.moved.change != 0, reasons.moved.now, 0).sum(axis=1) / THOUSAND
    rests = rounded(log_odds[reasons.events].astype(np.float64) - baseline - named, 9)
    columns = (
        [CAUSES[change] for change in decided.change[reasons.events].tolist()],
        shared.triggers,
        drivers,
        [encode(baseline)] * len(drivers),
        numbers(rests.tolist()),
        vectors(features),
        [encode(positions) for positions in updates.positions],
    )
    return [
        b',"cause":%b,"trigger":%b,"drivers":[%b],"baseline":%b,"rest":%b,"features":[%b],"positions":%b,'
        b'"holdout":false}' % each
        for each in zip(*columns, strict=True)
    ]


def _before(reasons: Reasons, decided: Decided, model: Model) -> list[bytes]:
    """The score of each lead's record before, as JSON."""
    events = reasons.events
    tiers = _tiers(decided.told_tier[events].tolist(), model)
    told = scores(decided.told[events], tiers, decided.told_percentile[events])
    sequence = decided.told_sequence[events].tolist()
    return [b"{%b}" % text if number else b"null" for text, number in zip(told, sequence, strict=True)]


def _tiers(places: Sequence[int], model: Model) -> list[bytes]:
    """Their names. A tier told by a model with more tiers than this one has counts as the lowest."""
    names = [quoted(name) for name in model.tiers]
    return [names[min(place, len(names) - 1)] for place in places]


def _trigger(trigger: Origin | Tick, time: bytes) -> bytes:
    if isinstance(trigger, Tick):
        return b'{"tick":"%b"}' % time
    part = b',"part":%d' % trigger.part if trigger.part else b""
    return b'{"topic":%b,"partition":%d,"offset":%d%b}' % (quoted(trigger.topic), *trigger[1:3], part)


def _sentence(tier: str, drivers: list[DriverShape]) -> str:
    raising = [driver.text for driver in drivers if driver.change > 0][:SAID_IN_ALERT]
    return f"{tier.capitalize()}: {'; '.join(raising)}" if raising else tier.capitalize()
