"""JSON, checked and searched in place: the grammar, compiled, for the records that nearly all topics consist of.

A scan either finds what it looks for or gives up; it never refuses. What it gives up on (escapes and other letters in
a field that is looked for, exponents, long numbers, deep nesting, a field named twice, everything that is no JSON) the
decoders read one by one, and they alone say what is wrong. So a scan may be narrow, but never more lenient than they.

The bytes of many records lie in one array with a zero byte after each: no JSON contains one, so every loop ends there,
or at most seven bytes behind, which the array has too.
"""

from typing import Final, NamedTuple

import numpy as np

from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets
from stream.sources.grammar import CLOSE, COLON, COMMA, GIVEN_UP, OPEN, QUOTE, plain_end, skip_space, skip_value

# What a member of an object is.
ABSENT: Final = 0
TEXT: Final = 1
NULL: Final = 2
OBJECT: Final = 3
OTHER: Final = 4


_SLOTS: Final = 128


class Names(NamedTuple):
    """The members looked for in an object: name i is text[at[i]:at[i + 1]]. by: the only name, or -1, by its letters
    and its length (see `_slot`).
    """

    text: Octets
    at: Ints
    by: Ints


class Members(NamedTuple):
    """What was found of each name: a TEXT without its quotes, an OBJECT with its braces, at data[start:end]."""

    what: Ints
    start: Ints
    end: Ints


def _slot_of(first: int, third: int, last: int, size: int) -> int:
    return int((first + third + 2 * last + size) & (_SLOTS - 1))


_slot = kernel(_slot_of)


def names(*wanted: str) -> Names:
    """The table of these names, in this order."""
    at = np.zeros(len(wanted) + 1, np.int64)
    np.cumsum([len(name) for name in wanted], out=at[1:])
    by = np.full(_SLOTS, -1, np.int64)
    for i, name in enumerate(wanted):
        slot = _slot_of(ord(name[0]), ord(name[min(2, len(name) - 1)]), ord(name[-1]), len(name))
        assert by[slot] == -1, f"{name} and another name share a slot: change _slot_of"
        by[slot] = i
    return Names(np.frombuffer("".join(wanted).encode(), np.uint8).copy(), at, by)


def no_members(size: int) -> Members:
    """Room for what is found of `size` names."""
    return Members(*(np.zeros(size, np.int64) for _ in range(3)))


@kernel
def find_members(data: Octets, at: int, wanted: Names, found: Members) -> int:
    """Reads the object that begins at `at`; returns the place after it, or GIVEN_UP."""
    found.what[:] = ABSENT
    if data[at] != OPEN:
        return GIVEN_UP
    at = skip_space(data, at + 1)
    if data[at] == CLOSE:
        return at + 1
    while True:
        if data[at] != QUOTE:
            return GIVEN_UP
        start = at + 1
        end = _plain_end(data, start)
        if end == GIVEN_UP:
            return GIVEN_UP
        at = skip_space(data, end + 1)
        if data[at] != COLON:
            return GIVEN_UP
        at = skip_space(data, at + 1)
        name = _name_of(data, start, end, wanted)
        if name < 0:
            at = skip_value(data, at)
        elif found.what[name] != ABSENT:
            return GIVEN_UP
        else:
            at = _take(data, at, name, found)
        if at == GIVEN_UP:
            return GIVEN_UP
        at = skip_space(data, at)
        if data[at] == CLOSE:
            return at + 1
        if data[at] != COMMA:
            return GIVEN_UP
        at = skip_space(data, at + 1)


@kernel
def _name_of(data: Octets, start: int, end: int, wanted: Names) -> int:
    name = wanted.by[_slot(data[start], data[min(start + 2, end - 1)], data[end - 1], end - start)]
    if name < 0 or wanted.at[name + 1] - wanted.at[name] != end - start:
        return -1
    first = wanted.at[name]
    for i in range(end - start):
        if data[start + i] != wanted.text[first + i]:
            return -1
    return int(name)


@kernel
def _take(data: Octets, at: int, name: int, found: Members) -> int:
    first = data[at]
    if first == QUOTE:
        end = _plain_end(data, at + 1)
        if end == GIVEN_UP:
            return GIVEN_UP
        found.what[name], found.start[name], found.end[name] = TEXT, at + 1, end
        return end + 1
    end = skip_value(data, at)
    found.what[name] = OBJECT if first == OPEN else NULL if first == ord("n") else OTHER
    found.start[name], found.end[name] = at, end
    return end


@kernel
def _plain_end(data: Octets, at: int) -> int:
    """Place of the quote that ends a string of printable ASCII without escapes, which begins at `at`."""
    end = plain_end(data, at)
    return end if data[end] == QUOTE else GIVEN_UP
