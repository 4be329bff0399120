"""Recognising signals, profile fields, landing pages and the outcome in events, as the settings say."""

import math
import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

import xxhash

from schemas.signals import CategoryField, Match, NumberField, Observed, Signal
from stream.core.events import Event
from stream.core.lead import NO_LANDING

VALUE_LIMIT: Final = 10**12
"""Thousandths. A larger value is taken as this: sums stay far below 2**63."""


class Reading(NamedTuple):
    """What one event says: hits are (signal number, value in thousandths), tells (field number, value)."""

    event: int
    hits: Sequence[tuple[int, int]]
    tells: Sequence[tuple[int, int]]
    outcome: bool
    landing: int

    @property
    def carries(self) -> bool:
        """Whether it says anything; an event that does not leaves no trace."""
        return bool(self.hits or self.tells or self.outcome)


class Kind(NamedTuple):
    """What an event's type, name and path alone decide; patterns are matched once for each.

    plain: the hits, where properties have no say in anything; converts: whether it then is the outcome.
    """

    plain: tuple[tuple[int, int], ...] | None
    converts: bool
    certain: tuple[Signal, ...]
    conditional: tuple[tuple[Signal, tuple[Match, ...]], ...]
    outcome: tuple[Match, ...]
    landing: int


def event_hash(identifier: str) -> int:
    """XXH3-64 of the id: its name in a lead's state and in alerts."""
    return xxhash.xxh3_64_intdigest(identifier.encode())


class Signals:
    """Reads events by the settings."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._fields = {field.name: field for field in observed.profile}
        self.kind = lru_cache(maxsize=65_536)(self._decide)
        """The kind of an event by its type, name and path."""

    def read(self, event: Event) -> Reading:
        """What the event says. An outcome is nothing else, so that no feature can contain the answer."""
        if event.type == "profile":
            return Reading(event_hash(event.id), (), self._tells(event.properties), False, NO_LANDING)
        kind = self.kind(event.type, event.name, event.path)
        if kind.plain is not None:
            return Reading(event_hash(event.id), kind.plain, (), kind.converts, kind.landing)
        if any(_holds(way, event.properties) for way in kind.outcome):
            return Reading(event_hash(event.id), (), (), True, NO_LANDING)
        hits = [(signal.number, _value(signal, event)) for signal in kind.certain]
        for signal, ways in kind.conditional:
            if any(_holds(way, event.properties) for way in ways):
                hits.append((signal.number, _value(signal, event)))
        return Reading(event_hash(event.id), hits, (), False, kind.landing)

    def _tells(self, fields: dict[str, Any]) -> list[tuple[int, int]]:
        tells = []
        for name, value in fields.items():
            field = self._fields.get(name)
            if isinstance(field, NumberField) and _is_number(value):
                tells.append((field.number, _thousandths(value)))
            elif isinstance(field, CategoryField) and isinstance(value, str):
                tells.append((field.number, field.values.index(value) + 1 if value in field.values else 0))
        return tells

    def _decide(self, channel: str, name: str, path: str) -> Kind:
        outcome = self._observed.outcome
        ends = tuple(way for way in outcome.match if _fits(way, name, path)) if outcome.channel == channel else ()
        if any(not way.properties for way in ends):
            return Kind((), True, (), (), (), NO_LANDING)
        certain, conditional = [], []
        for signal in self._observed.signals:
            ways = tuple(way for way in signal.match if _fits(way, name, path)) if signal.channel == channel else ()
            if any(not way.properties for way in ways):
                certain.append(signal)
            elif ways:
                conditional.append((signal, ways))
        plain = None
        if not ends and not conditional and not any(signal.value for signal in certain):
            plain = tuple((signal.number, 0) for signal in certain)
        return Kind(plain, False, tuple(certain), tuple(conditional), ends, self._landing(channel, path))

    def _landing(self, channel: str, path: str) -> int:
        if channel != "web" or not path:
            return NO_LANDING
        pages = enumerate(self._observed.landing, start=1)
        return next((code for code, page in pages if _like(page.path, path)), 0)


def _fits(way: Match, name: str, path: str) -> bool:
    return _like(way.name, name) and _like(way.path, path)


def _like(pattern: str, text: str) -> bool:
    return re.match(translate(pattern), text) is not None


def _holds(way: Match, properties: dict[str, Any]) -> bool:
    return all(name in properties and _same(properties[name], wanted) for name, wanted in way.properties.items())


def _same(value: Any, wanted: str | int | float | bool) -> bool:
    """JSON's equality: true is not 1, but 1.0 is."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _value(signal: Signal, event: Event) -> int:
    return 0 if signal.value is None else _thousandths(event.properties.get(signal.value))


def _is_number(value: Any) -> TypeGuard[int | float]:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _thousandths(value: Any) -> int:
    """The nearest thousandth (halves to even); 0 for what is no number."""
    if not _is_number(value):
        return 0
    # Limited before the product, which is infinite for a float beyond 1e305.
    return round(max(-VALUE_LIMIT // 1000, min(VALUE_LIMIT // 1000, value)) * 1000)
