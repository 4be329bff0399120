"""The grammar of JSON (RFC 8259), compiled: from the beginning of a value to the place after it."""

from typing import Final

import numpy as np

from stream.core.kernel import kernel
from stream.core.octets import Octets, get_fixed

GIVEN_UP: Final = -1
DEEPEST: Final = 16
DIGITS: Final = 15
"""Whole numbers of so many digits and fewer are the same to every reader."""

QUOTE: Final = ord('"')
BACKSLASH: Final = ord("\\")
OPEN: Final = ord("{")
CLOSE: Final = ord("}")
COLON: Final = ord(":")
COMMA: Final = ord(",")
_MINUS: Final = ord("-")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")

# Eight bytes at a time.
_ONES: Final = np.uint64(0x0101010101010101)
_HIGHEST: Final = np.uint64(0x8080808080808080)
_SPACES: Final = np.uint64(32) * _ONES
_QUOTES: Final = np.uint64(QUOTE) * _ONES
_BACKSLASHES: Final = np.uint64(BACKSLASH) * _ONES
_PLACES: Final = np.uint64(0x0001020304050607)
"""Times 256**k, its highest byte is k."""


@kernel
def skip_space(data: Octets, at: int) -> int:
    """The first place from `at` on that is no white space."""
    while data[at] == 32 or data[at] == 10 or data[at] == 13 or data[at] == 9:
        at += 1
    return at


@kernel
def skip_value(data: Octets, at: int) -> int:
    """The place after the value that begins at `at`, or GIVEN_UP."""
    objects = np.uint64(0)  # the lowest bit tells whether the innermost container is an object
    depth = 0
    while True:
        first = data[at]
        if first == QUOTE:
            at = _skip_string(data, at + 1)
        elif first == OPEN or first == ord("["):
            after = skip_space(data, at + 1)
            if data[after] == first + 2:  # } is { + 2, and ] is [ + 2
                at = after + 1
            else:
                depth += 1
                if depth > DEEPEST:
                    return GIVEN_UP
                objects = (objects << np.uint64(1)) | np.uint64(first == OPEN)
                at = _skip_name(data, after) if first == OPEN else after
                if at == GIVEN_UP:
                    return GIVEN_UP
                continue
        elif first == _MINUS or _ZERO <= first <= _NINE:
            at = _skip_number(data, at)
        else:
            at = _skip_word(data, at)
        while at != GIVEN_UP and depth > 0:
            at = skip_space(data, at)
            inside = objects & np.uint64(1) == np.uint64(1)
            if data[at] == COMMA:
                at = skip_space(data, at + 1)
                if inside:
                    at = _skip_name(data, at)
                break
            if data[at] != (CLOSE if inside else ord("]")):
                return GIVEN_UP
            objects >>= np.uint64(1)
            depth -= 1
            at += 1
        else:
            return at
        if at == GIVEN_UP:
            return GIVEN_UP


@kernel
def _skip_name(data: Octets, at: int) -> int:
    """From the name of a member to its value."""
    if data[at] != QUOTE:
        return GIVEN_UP
    at = _skip_string(data, at + 1)
    if at == GIVEN_UP:
        return GIVEN_UP
    at = skip_space(data, at)
    return skip_space(data, at + 1) if data[at] == COLON else GIVEN_UP


@kernel
def plain_end(data: Octets, at: int) -> int:
    """The first place from `at` on of a quote, a backslash or a byte that is no printable ASCII. Looks at up to seven
    bytes behind it.

    The tests for a zero byte and for one below 32 are those of Bit Twiddling Hacks (S. E. Anderson): what a borrow or a
    carry falsifies lies behind the first byte found.
    """
    while True:
        eight = get_fixed(data, at, 8)
        quote, backslash = eight ^ _QUOTES, eight ^ _BACKSLASHES
        found = ((quote - _ONES) & ~quote) | ((backslash - _ONES) & ~backslash) | ((eight - _SPACES) & ~eight)
        found = (found | eight | (eight + _ONES)) & _HIGHEST
        if found:
            first = found & (~found + np.uint64(1))
            return at + int(((first >> np.uint64(7)) * _PLACES) >> np.uint64(56))
        at += 8


@kernel
def _skip_string(data: Octets, at: int) -> int:
    """The place after the string whose content begins at `at`."""
    while True:
        at = plain_end(data, at)
        byte = data[at]
        if byte == QUOTE:
            return at + 1
        if byte < 32:
            return GIVEN_UP
        if byte == BACKSLASH:
            at += 1
            if not _is_escape(data[at]):
                return GIVEN_UP
        elif byte >= 128:
            more = _continued(data, at)
            if more == 0:
                return GIVEN_UP
            at += more
        at += 1


@kernel
def _is_escape(byte: int) -> bool:
    """Whether it may stand alone after a backslash; what follows `u` is left to the decoders."""
    return (
        byte == QUOTE
        or byte == BACKSLASH
        or byte == ord("/")
        or byte == ord("b")
        or byte == ord("f")
        or byte == ord("n")
        or byte == ord("r")
        or byte == ord("t")
    )


@kernel
def _continued(data: Octets, at: int) -> int:
    """How many bytes follow the first of a letter in UTF-8 (RFC 3629, section 4); 0 where it is none."""
    first, second = data[at], data[at + 1]
    low, high, more = 0x80, 0xBF, 0
    if 0xC2 <= first <= 0xDF:
        more = 1
    elif 0xE0 <= first <= 0xEF:
        more = 2
        if first == 0xE0:
            low = 0xA0
        elif first == 0xED:
            high = 0x9F
    elif 0xF0 <= first <= 0xF4:
        more = 3
        if first == 0xF0:
            low = 0x90
        elif first == 0xF4:
            high = 0x8F
    if more == 0 or not low <= second <= high:
        return 0
    for i in range(2, more + 1):
        if not 0x80 <= data[at + i] <= 0xBF:
            return 0
    return more


@kernel
def _skip_number(data: Octets, at: int) -> int:
    if data[at] == _MINUS:
        at += 1
    start = at
    while _ZERO <= data[at] <= _NINE:
        at += 1
    digits = at - start
    if digits == 0 or digits > DIGITS or (digits > 1 and data[start] == _ZERO):
        return GIVEN_UP
    if data[at] == ord("."):
        at += 1
        start = at
        while _ZERO <= data[at] <= _NINE:
            at += 1
        if at == start or at - start > DIGITS:
            return GIVEN_UP
    return GIVEN_UP if data[at] == ord("e") or data[at] == ord("E") else at


@kernel
def _skip_word(data: Octets, at: int) -> int:
    """true, false or null."""
    if data[at] == ord("n") and data[at + 1] == ord("u") and data[at + 2] == ord("l") and data[at + 3] == ord("l"):
        return at + 4
    if data[at] == ord("t") and data[at + 1] == ord("r") and data[at + 2] == ord("u") and data[at + 3] == ord("e"):
        return at + 4
    if (
        data[at] == ord("f")
        and data[at + 1] == ord("a")
        and data[at + 2] == ord("l")
        and data[at + 3] == ord("s")
        and data[at + 4] == ord("e")
    ):
        return at + 5
    return GIVEN_UP
