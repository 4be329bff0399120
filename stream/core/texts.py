"""Text, a column at a time: N texts lie end to end in one array, and are put together row by row in compiled code.

To copy a text costs a tenth of making an object of it.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from msgspec.json import Encoder

from schemas.times import DAY, HOUR, MINUTE, SECOND
from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets, copy

encode: Final = Encoder().encode
"""Any content as JSON."""

quoted: Final = lru_cache(maxsize=4_096)(encode)
"""A name that comes often, as JSON."""

COMMA: Final = ord(",")
TIME_WIDTH: Final = len("2026-03-01T09:30:00.000Z")


class Texts(NamedTuple):
    """N texts: text i is data[start[i]:end[i]]."""

    data: Octets
    start: Ints
    end: Ints

    def at(self, i: int) -> bytes:
        """One of them."""
        return self.data[self.start[i] : self.end[i]].tobytes()

    def each(self) -> list[bytes]:
        """All of them."""
        whole = self.data.tobytes()
        return [whole[start:end] for start, end in zip(self.start.tolist(), self.end.tolist(), strict=True)]

    def cut(self, first: int, end: int) -> "Texts":
        """Those from one place to before another."""
        return Texts(self.data, self.start[first:end], self.end[first:end])

    def pick(self, places: Ints) -> "Texts":
        """The texts at these places."""
        return Texts(self.data, self.start[places], self.end[places])


def texts_of(parts: Sequence[bytes]) -> Texts:
    """These texts."""
    end = np.cumsum(np.array([*map(len, parts)], np.int64))
    return Texts(_octets(b"".join(parts)), np.concatenate((_NOTHING, end[:-1])) if len(parts) else end, end)


def of_width(data: bytes, width: int) -> Texts:
    """The data in pieces of so many bytes."""
    start = np.arange(0, len(data), width)
    return Texts(_octets(data), start, start + width)


def joined(size: int, *parts: bytes | Texts) -> Texts:
    """So many texts, each the parts one after the other; one of bytes is in all."""
    columns: list[Texts] = []
    common = [b""]
    for part in parts:
        if isinstance(part, bytes):
            common[-1] += part
        else:
            columns.append(part)
            common.append(b"")
    data = np.concatenate([_octets(b"".join(common)), *(column.data for column in columns)])
    start = np.concatenate([_NONE, *(column.start for column in columns)])
    end = np.concatenate([_NONE, *(column.end for column in columns)])
    common_at = np.array([*accumulate(map(len, common), initial=0)], np.int64)
    column_at = np.array([*accumulate((len(column.data) for column in columns), initial=common_at[-1])], np.int64)
    out = np.empty(size * int(common_at[-1]) + int(end.sum() - start.sum()), np.uint8)
    at = np.empty(size + 1, np.int64)
    _join(data, common_at, column_at, start, end, out, at)
    return Texts(out, at[:-1], at[1:])


def grouped(texts: Texts, sizes: Ints) -> Texts:
    """So many neighbours each as one text. They must lie end to end, as those of `joined` do."""
    at = np.concatenate((_NOTHING, texts.end))[np.concatenate((_NOTHING, np.cumsum(sizes)))]
    return Texts(texts.data, at[:-1], at[1:])


def where(condition: np.ndarray[tuple[int], np.dtype[np.bool_]], texts: Texts, otherwise: bytes) -> Texts:
    """Each text that is marked, and the same other one for the rest."""
    data = np.concatenate((_octets(otherwise), texts.data))
    size = len(otherwise)
    return Texts(data, np.where(condition, texts.start + size, 0), np.where(condition, texts.end + size, size))


def times_of(instants: Ints) -> Texts:
    """As `schemas.times.format_time` writes them."""
    data = np.empty(TIME_WIDTH * len(instants), np.uint8)
    _write_times(instants, data)
    start = np.arange(0, len(data), TIME_WIDTH)
    return Texts(data, start, start + TIME_WIDTH)


def _octets(text: bytes) -> Octets:
    return np.frombuffer(text, np.uint8)


@kernel
def _join(data: Octets, common_at: Ints, column_at: Ints, start: Ints, end: Ints, out: Octets, at: Ints) -> None:
    """Row by row what all have in common before a column, then the column's text. `common_at`: where the former begin
    in the data, and where the last ends. `column_at`: where the data of each column does. `at`: where the rows do.
    """
    rows, columns = at.size - 1, common_at.size - 2
    place = 0
    for i in range(rows):
        at[i] = place
        for k in range(columns):
            place = copy(data, common_at[k], common_at[k + 1], out, place)
            cell = k * rows + i
            place = copy(data, column_at[k] + start[cell], column_at[k] + end[cell], out, place)
        place = copy(data, common_at[columns], common_at[columns + 1], out, place)
    at[rows] = place


@kernel
def _write_times(instants: Ints, out: Octets) -> None:
    """Year, month and day are those of Hinnant's `civil_from_days`: a year begins in March: leap days end it."""
    for i in range(instants.size):
        day, rest = instants[i] // DAY, instants[i] % DAY
        shifted = day + 719_468
        era = shifted // 146_097
        of_era = shifted - era * 146_097
        of_years = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * of_years + of_years // 4 - of_years // 100)
        month = (5 * of_year + 2) // 153
        at = i * TIME_WIDTH
        _write_digits(out, at, of_years + era * 400 + (1 if month >= 10 else 0), 4, ord("-"))
        _write_digits(out, at + 5, month + 3 if month < 10 else month - 9, 2, ord("-"))
        _write_digits(out, at + 8, of_year - (153 * month + 2) // 5 + 1, 2, ord("T"))
        _write_digits(out, at + 11, rest // HOUR, 2, ord(":"))
        _write_digits(out, at + 14, rest // MINUTE % 60, 2, ord(":"))
        _write_digits(out, at + 17, rest // SECOND % 60, 2, ord("."))
        _write_digits(out, at + 20, rest % SECOND, 3, ord("Z"))


@kernel
def _write_digits(out: Octets, at: int, number: int, digits: int, then: int) -> None:
    for k in range(digits - 1, -1, -1):
        out[at + k] = ord("0") + number % 10
        number //= 10
    out[at + digits] = then


_NOTHING: Final = np.zeros(1, np.int64)
_NONE: Final = np.zeros(0, np.int64)
COMMAS: Final = texts_of([b"", b","])
"""Before the first of a list, and before another."""
