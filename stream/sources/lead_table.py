"""Leads numbered in the order in which they are first met: a table of their ids, open to compiled code.

Training has every lead of a log at once; a number instead of an id makes it a column.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from stream.core.hashing import LONGEST, xxh3
from stream.core.kernel import kernel
from stream.core.lead import Hashes, Ints
from stream.core.octets import Octets

UNKNOWN: Final = -1
USED: Final = 0

_ANONYMOUS: Final = np.frombuffer(b"anon:", np.uint8)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class LeadTable(NamedTuple):
    """Lead k has the id text[text_at[k]:text_at[k + 1]] in UTF-8, whose hash is hashes[k].

    places: number by hash, or UNKNOWN; a power of two of them. sizes: how many leads there are.
    """

    places: Ints
    hashes: Hashes
    text: Octets
    text_at: Ints
    sizes: Ints


class Spans(NamedTuple):
    """N ids as they lie in bytes: id i is data[start[i]:end[i]], with `anon:` before it where anonymous[i] is 1."""

    data: Octets
    start: Ints
    end: Ints
    anonymous: Ints


class LeadNumbers:
    """The leads met so far."""

    def __init__(self) -> None:
        self.table = LeadTable(
            places=np.full(1 << 12, UNKNOWN, np.int64),
            hashes=np.zeros(1 << 11, np.uint64),
            text=np.zeros(1 << 16, np.uint8),
            text_at=np.zeros((1 << 11) + 1, np.int64),
            sizes=np.zeros(1, np.int64),
        )

    def __len__(self) -> int:
        return int(self.table.sizes[USED])

    def number(self, spans: Spans) -> Ints:
        """The number of each, new ones being added in this order."""
        size = len(spans.start)
        self._make_room(size, int((spans.end - spans.start).sum()) + len(_ANONYMOUS) * (size + 1))
        out = np.zeros(size, np.int64)
        _number(self.table, spans, out)
        return out

    def find(self, spans: Spans) -> Ints:
        """The number of each, or UNKNOWN; nothing is added."""
        known = len(self)
        found = self.number(spans)
        # What was added lies at the end of the table: it is taken out again, and the places are made anew.
        if len(self) > known:
            self.table.sizes[USED] = known
            self.table.places[:] = UNKNOWN
            _place_all(self.table)
        found[found >= known] = UNKNOWN
        return found

    def names(self) -> list[str]:
        """The ids, by number."""
        text, at = self.table.text.tobytes(), self.table.text_at.tolist()
        return [text[at[k] : at[k + 1]].decode() for k in range(len(self))]

    def _make_room(self, leads: int, octets: int) -> None:
        table, used = self.table, len(self)
        wanted, letters = used + leads, int(table.text_at[used]) + octets
        if wanted > len(table.hashes):
            room = max(wanted, 2 * len(table.hashes))
            table = table._replace(hashes=_grown(table.hashes, room), text_at=_grown(table.text_at, room + 1))
        if letters > len(table.text):
            table = table._replace(text=_grown(table.text, max(letters, 2 * len(table.text))))
        if 2 * wanted > len(table.places):
            table = table._replace(places=np.full(1 << (2 * wanted).bit_length(), UNKNOWN, np.int64))
            _place_all(table)
        self.table = table


def spans_of(leads: list[str]) -> Spans:
    """Ids in full, as spans."""
    packed = [lead.encode() for lead in leads]
    end = np.cumsum(np.array([len(each) for each in packed], np.int64), dtype=np.int64)
    start = np.concatenate([np.zeros(1, np.int64), end[:-1]]) if packed else end
    return Spans(np.frombuffer(b"".join(packed), np.uint8), start, end, np.zeros(len(packed), np.int64))


def _grown(array: Any, size: int) -> Any:
    grown = np.zeros(size, array.dtype)
    grown[: len(array)] = array
    return grown


@kernel
def _number(table: LeadTable, spans: Spans, out: Ints) -> None:
    for i in range(spans.start.size):
        used = table.sizes[USED]
        first = table.text_at[used]
        last = first
        # The id is written where a new one would lie, and stays there only if it is new.
        if spans.anonymous[i] == 1:
            for k in range(_ANONYMOUS.size):
                table.text[last] = _ANONYMOUS[k]
                last += 1
        for k in range(spans.start[i], spans.end[i]):
            table.text[last] = spans.data[k]
            last += 1
        found = _hash(table.text, first, last)
        at = _find(table, found, first, last)
        if table.places[at] == UNKNOWN:
            table.places[at] = used
            table.hashes[used] = found
            table.text_at[used + 1] = last
            table.sizes[USED] = used + 1
        out[i] = table.places[at]


@kernel
def _find(table: LeadTable, hash_: np.uint64, first: int, last: int) -> int:
    """The place of the id text[first:last], or the free one that it would take."""
    mask = table.places.size - 1
    at = np.int64(hash_ >> np.uint64(1)) & mask
    while table.places[at] != UNKNOWN:
        lead = table.places[at]
        begin = table.text_at[lead]
        if table.hashes[lead] == hash_ and table.text_at[lead + 1] - begin == last - first:
            same = True
            for k in range(last - first):
                if table.text[begin + k] != table.text[first + k]:
                    same = False
                    break
            if same:
                return int(at)
        at = (at + 1) & mask
    return int(at)


@kernel
def _place_all(table: LeadTable) -> None:
    mask = table.places.size - 1
    for lead in range(table.sizes[USED]):
        at = np.int64(table.hashes[lead] >> np.uint64(1)) & mask
        while table.places[at] != UNKNOWN:
            at = (at + 1) & mask
        table.places[at] = lead


@kernel
def _hash(text: Octets, start: int, end: int) -> np.uint64:
    """Ids may be longer than what is hashed in one go."""
    found = np.uint64(0)
    at = start
    while at < end:
        found = found * _MIX ^ xxh3(text, at, min(at + LONGEST, end))
        at += LONGEST
    return found
