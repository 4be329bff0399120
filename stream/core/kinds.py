"""Kinds of events: what an event's type, name and path alone decide, remembered so that no pattern is matched twice.

The table is open to the compiled scan of a poll, which looks a kind up by its text. It forgets everything when it is
full: paths can be as many as there are visitors.
"""

from typing import Final, NamedTuple

import numpy as np

from stream.core.events import Event
from stream.core.hashing import LONGEST, xxh3
from stream.core.kernel import kernel
from stream.core.lead import Flags, Ints
from stream.core.octets import Octets, same
from stream.core.signals import Signals

KINDS: Final = 32_768
PLACES: Final = 4 * KINDS
TEXT_EACH: Final = 64
HITS_EACH: Final = 4
"""Room for the average kind."""

UNKNOWN: Final = -1
TYPES: Final = ("web", "email", "product", "crm", "intent", "profile", "outcome")

# Places in `sizes`.
USED: Final = 0
TEXT_USED: Final = 1


class KindTable(NamedTuple):
    """Kind k has the text `text[text_at[k]:text_at[k + 1]]` (name and path), of which name_size[k] are the name's.

    places: kind by hash, or UNKNOWN. plain: whether properties have no say in it. outcome, landing: as in `Reading`.
    hit_signal[hit_at[k]:hit_at[k + 1]]: the signals it is.
    """

    places: Ints
    sizes: Ints
    type: Ints
    text: Octets
    text_at: Ints
    name_size: Ints
    plain: Flags
    outcome: Flags
    landing: Ints
    hit_at: Ints
    hit_signal: Ints


def _table(kinds: int) -> KindTable:
    return KindTable(
        places=np.full(PLACES, UNKNOWN, np.int64),
        sizes=np.zeros(2, np.int64),
        type=np.zeros(kinds, np.int64),
        text=np.zeros(kinds * TEXT_EACH + 2 * LONGEST, np.uint8),
        text_at=np.zeros(kinds + 1, np.int64),
        name_size=np.zeros(kinds, np.int64),
        plain=np.zeros(kinds, np.bool_),
        outcome=np.zeros(kinds, np.bool_),
        landing=np.zeros(kinds, np.int64),
        hit_at=np.zeros(kinds + 1, np.int64),
        hit_signal=np.zeros(kinds * HITS_EACH + 64, np.int64),
    )


NO_KINDS: Final = _table(0)


class Kinds:
    """The kinds met so far, by one configuration."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self.table = _table(KINDS)

    def learn(self, event: Event) -> None:
        """Adds the event's kind, if it is new and its text is none of the longest."""
        name, path, table = event.name.encode(), event.path.encode(), self.table
        text = np.frombuffer(name + path, np.uint8)
        kind = TYPES.index(event.type)
        if event.type == "profile" or len(name) > LONGEST or len(path) > LONGEST:
            return
        if find_kind(table, kind, text, 0, len(name), text, len(name), len(text)) != UNKNOWN:
            return
        used = table.sizes[USED]
        if used == KINDS or table.sizes[TEXT_USED] > KINDS * TEXT_EACH or table.hit_at[used] > KINDS * HITS_EACH:
            self._forget()
        known = self._signals.kind(event.type, event.name, event.path)
        number, start = int(table.sizes[USED]), int(table.sizes[TEXT_USED])
        hits = [signal for signal, _ in known.plain or ()]
        table.type[number] = kind
        table.text[start : start + len(text)] = text
        table.text_at[number : number + 2] = start, start + len(text)
        table.name_size[number] = len(name)
        table.plain[number] = known.plain is not None
        table.outcome[number] = known.converts
        table.landing[number] = known.landing
        first = int(table.hit_at[number])
        table.hit_signal[first : first + len(hits)] = hits
        table.hit_at[number + 1] = first + len(hits)
        table.sizes[:] = number + 1, start + len(text)
        _place(table, number, _hash(kind, text, 0, len(name), text, len(name), len(text)))

    def say_something(self, kinds: Ints) -> Flags:
        """Whether each of these kinds is a signal or the outcome."""
        table = self.table
        return (table.hit_at[kinds + 1] > table.hit_at[kinds]) | table.outcome[kinds]

    def _forget(self) -> None:
        self.table.places[:] = UNKNOWN
        self.table.sizes[:] = 0


@kernel
def find_kind(
    table: KindTable, type_: int, names: Octets, name: int, name_end: int, data: Octets, path: int, path_end: int
) -> int:
    """The kind of this type with the name names[name:name_end] and the path data[path:path_end], or UNKNOWN."""
    at = _hash(type_, names, name, name_end, data, path, path_end) % PLACES
    while table.places[at] != UNKNOWN:
        kind = table.places[at]
        if table.type[kind] == type_ and table.name_size[kind] == name_end - name:
            start = table.text_at[kind]
            if (
                table.text_at[kind + 1] - start == name_end - name + path_end - path
                and same(names, name, name_end, table.text, start)
                and same(data, path, path_end, table.text, start + name_end - name)
            ):
                return int(kind)
        at = (at + 1) % PLACES
    return UNKNOWN


@kernel
def _place(table: KindTable, kind: int, at: int) -> None:
    at %= PLACES
    while table.places[at] != UNKNOWN:
        at = (at + 1) % PLACES
    table.places[at] = kind


@kernel
def _hash(type_: int, names: Octets, name: int, name_end: int, data: Octets, path: int, path_end: int) -> int:
    found = np.uint64(type_ + 1) * np.uint64(0x9E3779B97F4A7C15)
    if name_end > name:
        found ^= xxh3(names, name, name_end)
    if path_end > path:
        found = found * np.uint64(0xBF58476D1CE4E5B9) ^ xxh3(data, path, path_end)
    return int(found >> np.uint64(8))
