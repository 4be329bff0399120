"""Numbers as JSON, a column at a time.

Whole numbers and decimal fractions, which most are, are written in compiled code: to make an object of each and have
that encoded takes up to ten times as long. Of the others one list is encoded, for a tenth of what they cost one by one.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets, copy
from stream.core.texts import COMMA, Texts, encode

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]

LONGEST: Final = 24
"""No text of a whole number or decimal fraction is longer, nor is one with the comma before it."""
LARGEST: Final = 2.0**49
"""Whole numbers below it are written digit by digit. A power of two is the same as a float of 32 bits and of 64."""

MINUS, DOT, ZERO = b"-.0"


def numbers(column: Sequence[float]) -> Texts:
    """Of each double the shortest text that gives it again."""
    data = np.frombuffer(encode(column), np.uint8)
    commas = np.flatnonzero(data == COMMA)
    if not len(column):
        return Texts(data, commas, commas)
    return Texts(data, np.concatenate(([1], commas + 1)), np.concatenate((commas, [len(data) - 1])))


def wholes(column: Ints) -> Texts:
    """Whole numbers, without a point."""
    return decimals(column, 0)


def decimals(column: Ints, digits: int) -> Texts:
    """Whole numbers as multiples of the decimal fraction with so many digits: 1250 with 3 is 1.25, 2000 is 2.0."""
    out = np.empty(LONGEST * column.size, np.uint8)
    at = np.empty(column.size + 1, np.int64)
    _write_decimals(np.ascontiguousarray(column), digits, out, at)
    return Texts(out, at[:-1], at[1:])


def nearest(column: Doubles, digits: int) -> Ints:
    """How many of the decimal fraction with so many digits each double is, to the nearest."""
    return np.rint(column * 10.0**digits).astype(np.int64)


def vectors(matrix: Matrix) -> Texts:
    """Each row, with commas and without its brackets: of each number the shortest text that gives the same double."""
    broken = matrix[(matrix != np.rint(matrix)) | (np.abs(matrix) >= LARGEST)]
    others = numbers(broken.tolist())
    out = np.empty(LONGEST * matrix.size + int((others.end - others.start).sum()), np.uint8)
    at = np.empty(len(matrix) + 1, np.int64)
    _write_rows(np.ascontiguousarray(matrix), others, out, at)
    return Texts(out, at[:-1], at[1:])


def singles(column: Vector) -> Texts:
    """Of each number the shortest text that gives the same double."""
    return vectors(column.reshape(-1, 1))


@kernel
def _write_decimals(column: Ints, digits: int, out: Octets, at: Ints) -> None:
    place = 0
    for i in range(column.size):
        at[i] = place
        number = column[i]
        if number < 0:
            out[place] = MINUS
            place += 1
        place = _write_decimal(out, place, abs(number), digits)
    at[column.size] = place


@kernel
def _write_rows(matrix: Matrix, others: Texts, out: Octets, at: Ints) -> None:
    """`others`: the texts of those that are not whole, in their order."""
    rows, width = matrix.shape
    place, other = 0, 0
    for i in range(rows):
        at[i] = place
        for k in range(width):
            if k > 0:
                out[place] = COMMA
                place += 1
            number = matrix[i, k]
            if number == np.rint(number) and abs(number) < LARGEST:
                if np.signbit(number):
                    out[place] = MINUS
                    place += 1
                place = _write_decimal(out, place, int(abs(number)), 0)
                out[place], out[place + 1] = DOT, ZERO
                place += 2
            else:
                place = copy(others.data, others.start[other], others.end[other], out, place)
                other += 1
    at[rows] = place


@kernel
def _write_decimal(out: Octets, at: int, number: int, digits: int) -> int:
    """A number >= 0 of so many digits after the point, without zeros at its end but for the first; the place after."""
    while digits > 1 and number % 10 == 0:
        number //= 10
        digits -= 1
    size, rest = 0, number
    while rest > 0 or size <= digits:
        size += 1
        rest //= 10
    end = at + size + (1 if digits > 0 else 0)
    for i in range(end - 1, at - 1, -1):
        if digits > 0 and i == end - 1 - digits:
            out[i] = DOT
        else:
            out[i] = ZERO + number % 10
            number //= 10
    return end
