"""Score changes, latest scores and alerts, built from what was decided. Their shapes are those of `schemas.records`.

All updates of a batch are built field by field, not one by one, as text: a call of a function, and every object made on
the way, costs more than most fields.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from schemas.cloudevents import Kind
from schemas.settings import Settings
from stream.core.decide import BY_CLOCK, BY_EVENT, BY_MODEL, TOP_TIER, Decided
from stream.core.drivers import DIGITS, Drivers, sentence
from stream.core.features import Vector
from stream.core.fold import Folded, Matrix
from stream.core.ids import ID_WIDTH, output_ids
from stream.core.lead import Ints
from stream.core.model import Model
from stream.core.numerals import decimals, nearest, numbers, vectors, wholes
from stream.core.occurrences import Occurrences
from stream.core.outputs import Headers, Output, record_outputs
from stream.core.reasons import Reasons, Strongest
from stream.core.standing import NO_PERCENTILE
from stream.core.texts import Texts, encode, joined, of_width, quoted, texts_of, times_of, where
from stream.core.triggers import Triggers

SAID_IN_ALERT: Final = 3
AT_ONCE: Final = 2_048
"""So many updates are built together: the texts of more would take memory and gain nothing."""

_CAUSES: Final = {BY_EVENT: b'"event"', BY_MODEL: b'"model"', BY_CLOCK: b'"clock"'}
PERCENTILES: Final = texts_of([b"null" if each == NO_PERCENTILE else b"%d" % each for each in range(256)])
CAUSES: Final = texts_of([_CAUSES.get(number, b"") for number in range(max(_CAUSES) + 1)])


class Updates(NamedTuple):
    """N updates that leave, in the order of the columns. keys: the leads. timestamps: Kafka's, or the sweep's instant.
    positions: as JSON. carried: headers of the record that brought each, which its outputs carry on.
    """

    keys: Sequence[bytes]
    triggers: Triggers
    timestamps: Ints
    positions: Texts
    carried: Sequence[Headers]

    def cut(self, part: slice) -> "Updates":
        """Some of them."""
        positions = self.positions.cut(part.start, part.stop)
        return Updates(self.keys[part], self.triggers.cut(part), self.timestamps[part], positions, self.carried[part])


class _Shared(NamedTuple):
    """What the records of each of N updates share. texts: the JSON that all have between their id and what is their
    own, without braces. timestamps, times: Kafka's, in numbers and in words.
    """

    timestamps: list[int]
    times: list[bytes]
    texts: Texts


class Recorder:
    """Builds the records of one application."""

    def __init__(self, settings: Settings, configuration: str) -> None:
        self._application = settings.application
        self._configuration = configuration
        self._drivers = Drivers(settings)
        self._occurrences = Occurrences(settings)

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
        told: list[tuple[Output, ...]] = []
        for first in range(0, len(reasons.events), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            some = updates.cut(part)
            moved, overall = (Strongest(*(each[part] for each in one)) for one in (reasons.moved, reasons.overall))
            why = reasons._replace(events=reasons.events[part], moved=moved, overall=overall)
            told += self._record(some, why, folded, decided, log_odds, model)
        return [output for i in sequence for output in told[i]]

    def _record(
        self, updates: Updates, reasons: Reasons, folded: Folded, decided: Decided, log_odds: Vector, model: Model
    ) -> list[tuple[Output, ...]]:
        """Of each update its outputs."""
        features = folded.features[reasons.events]
        shared = self._shared(updates, reasons, folded, decided, log_odds, model)
        drivers = self._drivers.texts(reasons.moved, features)
        rests = _changes(updates, drivers, reasons, decided, log_odds, features)
        told: list[tuple[Output, ...]] = [
            *zip(
                self._outputs("change", updates, shared, rests),
                self._outputs("latest", updates, shared, b"}"),
                strict=True,
            )
        ]
        for i, alert in self._alerts(updates, shared, reasons, folded, decided, model).items():
            told[i] = (*told[i], alert)
        return told

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
        size = len(events)
        times = times_of(updates.timestamps)
        by = b'}},"model":%b,"configuration":%b' % (quoted(model.digest), quoted(self._configuration))
        tiers = texts_of([quoted(name) for name in model.tiers])
        # Of this record and of the one before, at once.
        both = _scores(
            np.concatenate((log_odds[events], decided.told[events])),
            tiers.pick(_known(np.concatenate((decided.tier[events], decided.told_tier[events])), model)),
            np.concatenate((decided.percentile[events], decided.told_percentile[events])),
        )
        now, told = both.cut(0, size), both.cut(size, 2 * size)
        before = where(decided.told_sequence[events] > 0, joined(size, b"{", told, b"}"), b"null")
        texts = joined(
            size, b'"lead":', texts_of([encode(key.decode()) for key in updates.keys]),
            b',"sequence":', wholes(decided.sequence[events]), b',"time":"', times,
            b'","as_of":"', times_of(folded.as_of[events]), b'","scores":{"conversion":{', now,
            b',"previous":', before, by,
        )  # fmt: skip
        return _Shared(updates.timestamps.tolist(), times.each(), texts)

    def _outputs(self, kind: Kind, updates: Updates, shared: _Shared, rests: Texts | bytes) -> list[Output]:
        names = output_ids(self._application, kind, updates.triggers.origins)
        values = joined(len(names), b'{"id":"', of_width(b"".join(names), ID_WIDTH), b'",', shared.texts, rests).each()
        return record_outputs(
            self._application, kind, names, updates.keys, values, shared.timestamps, shared.times, updates.carried
        )

    def _alerts(
        self, updates: Updates, shared: _Shared, reasons: Reasons, folded: Folded, decided: Decided, model: Model
    ) -> dict[int, Output]:
        """By place; there are few."""
        fired = np.flatnonzero(decided.alert[reasons.events])
        if not len(fired):
            return {}
        events = reasons.events[fired]
        moved, overall = (Strongest(*(part[fired] for part in each)) for each in (reasons.moved, reasons.overall))
        # What lifted a lead may have been told in earlier changes: its alert still says what holds it up.
        lifted = np.any(moved.change > 0, axis=1, keepdims=True)
        named = Strongest(*(np.where(lifted, one, other) for one, other in zip(moved, overall, strict=True)))
        features = folded.features[events]
        raising = self._drivers.raising(named, features)
        tiers = [model.tiers[tier] for tier in decided.tier[events].tolist()]
        said = [sentence(tier, words[:SAID_IN_ALERT]) for tier, words in zip(tiers, raising, strict=True)]
        rules = ["top_tier" if alert == TOP_TIER else "rise" for alert in decided.alert[events].tolist()]
        at = fired.tolist()
        origins = [updates.triggers.origins[i] for i in at]
        names = [
            output_ids(self._application, "alert", [origin], rule)[0]
            for origin, rule in zip(origins, rules, strict=True)
        ]
        values = joined(
            len(at), b'{"id":"', texts_of(names), b'",', shared.texts.pick(fired),
            b',"rule":', texts_of([*map(quoted, rules)]), b',"rise":', numbers(decided.rise[events].tolist()),
            b',"text":', texts_of([*map(encode, said)]), b',"trigger":', updates.triggers.told.pick(fired),
            b',"drivers":[', self._drivers.texts(named, features), b'],"events":[',
            self._occurrences.texts(folded, events), b"]}",
        )  # fmt: skip
        outputs = record_outputs(
            self._application, "alert", names, [updates.keys[i] for i in at], values.each(),
            [shared.timestamps[i] for i in at], [shared.times[i] for i in at], [updates.carried[i] for i in at],
        )  # fmt: skip
        return dict(zip(at, outputs, strict=True))


def _changes(
    updates: Updates,
    drivers: Texts,
    reasons: Reasons,
    decided: Decided,
    log_odds: Vector,
    features: Matrix,
) -> Texts:
    """The JSON of what changes alone have, with a comma before it."""
    baseline = round(reasons.baseline, 6)
    named = np.where(reasons.moved.change != 0, reasons.moved.now, 0).sum(axis=1) / 10**DIGITS
    rest = log_odds[reasons.events].astype(np.float64) - baseline - named
    return joined(
        len(features), b',"cause":', CAUSES.pick(decided.change[reasons.events]), b',"trigger":', updates.triggers.told,
        b',"drivers":[', drivers, b'],"baseline":', encode(baseline), b',"rest":', decimals(nearest(rest, 9), 9),
        b',"features":[', vectors(features), b'],"positions":', updates.positions,
        b',"holdout":false}',
    )  # fmt: skip


def _scores(log_odds: Vector, tier: Texts, percentile: Ints) -> Texts:
    """The members of a `schemas.records.Score`, without braces, for each score."""
    wide = log_odds.astype(np.float64)
    odds = np.exp(-np.abs(wide))
    # The probability to nine digits (the inverse of the log-odds), and 100 times that to seven.
    billionths = nearest(np.where(wide >= 0, 1.0, odds) / (1.0 + odds), 9)
    return joined(
        len(wide), b'"probability":', decimals(billionths, 9), b',"score":', decimals(billionths, 7),
        b',"log_odds":', numbers(wide.tolist()), b',"percentile":', PERCENTILES.pick(percentile), b',"tier":', tier,
    )  # fmt: skip


def _known(tiers: Ints, model: Model) -> Ints:
    """A tier told by a model with more tiers than this one has counts as the lowest."""
    return np.minimum(tiers, len(model.tiers) - 1)
