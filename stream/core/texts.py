"""Text, a column at a time: N texts lie end to end in one array, and are put together row by row in compiled code.

To encode one list of numbers costs a tenth of encoding them one by one, and to copy a text a tenth of making an object
of it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from msgspec.json import Encoder

from schemas.times import DAY, HOUR, MINUTE, SECOND
from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets, copy
from stream.core.standing import NO_PERCENTILE

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]

encode: Final = Encoder().encode
"""Any content as JSON."""

quoted: Final = lru_cache(maxsize=4_096)(encode)
"""A name that comes often, as JSON."""

COMMA: Final = ord(",")
TIME_WIDTH: Final = len("2026-03-01T09:30:00.000Z")


class Texts(NamedTuple):
    """N texts: text i is data[start[i]:end[i]]. The data cannot be written to."""

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
    sizes = np.zeros(size, np.int64)
    for part in parts:
        sizes += len(part) if isinstance(part, bytes) else part.end - part.start
    end = np.cumsum(sizes)
    start = end - sizes
    data = np.empty(int(end[-1]) if size else 0, np.uint8)
    place = start.copy()
    before = b""
    for part in parts:
        if isinstance(part, bytes):
            before += part
        else:
            _write(_octets(before), part.data, part.start, part.end, data, place)
            before = b""
    if before:
        _write(_octets(before), _octets(b""), place, place, data, place)
    data.flags.writeable = False
    return Texts(data, start, end)


def grouped(texts: Texts, sizes: Ints) -> Texts:
    """So many neighbours each as one text. They must lie end to end, as those of `joined` do."""
    at = np.concatenate((_NOTHING, texts.end))[np.concatenate((_NOTHING, np.cumsum(sizes)))]
    return Texts(texts.data, at[:-1], at[1:])


def where(condition: np.ndarray[tuple[int], np.dtype[np.bool_]], texts: Texts, otherwise: bytes) -> Texts:
    """Each text that is marked, and the same other one for the rest."""
    data = np.concatenate((_octets(otherwise), texts.data))
    data.flags.writeable = False
    size = len(otherwise)
    return Texts(data, np.where(condition, texts.start + size, 0), np.where(condition, texts.end + size, size))


def numbers(*columns: Sequence[int | float]) -> list[Texts]:
    """Columns of one length, as JSON: of each number the shortest text that gives the same double."""
    size = len(columns[0])
    cells = _cells(encode([number for column in columns for number in column]), len(columns) * size, 1)
    return [Texts(cells.data, cells.start[at : at + size], cells.end[at : at + size]) for at in _steps(columns, size)]


def vectors(matrix: Matrix) -> Texts:
    """Each row as JSON, without its brackets."""
    return _cells(encode(matrix.ravel().tolist()), len(matrix), matrix.shape[1])


def times_of(instants: Ints) -> Texts:
    """As `schemas.times.format_time` writes them."""
    data = np.empty(TIME_WIDTH * len(instants), np.uint8)
    _write_times(instants, data)
    data.flags.writeable = False
    start = np.arange(0, len(data), TIME_WIDTH)
    return Texts(data, start, start + TIME_WIDTH)


def scores(log_odds: Vector, tier: Texts, percentile: Ints) -> Texts:
    """The members of a `schemas.records.Score`, without braces, for each score."""
    wide = log_odds.astype(np.float64)
    odds = np.exp(-np.abs(wide))
    # The probability to nine digits (the inverse of the log-odds), and 100 times that to seven.
    chance = rounded(np.where(wide >= 0, 1.0, odds) / (1.0 + odds), 9)
    probability, score, told = numbers(chance.tolist(), rounded(100 * chance, 7).tolist(), wide.tolist())
    return joined(
        len(wide), b'"probability":', probability, b',"score":', score, b',"log_odds":', told,
        b',"percentile":', _PERCENTILES.pick(percentile), b',"tier":', tier,
    )  # fmt: skip


def rounded(numbers: Doubles, digits: int) -> Doubles:
    """The doubles nearest to the decimal numbers of so many digits."""
    scale = 10.0**digits
    return np.rint(numbers * scale) / scale


def _octets(text: bytes) -> Octets:
    return np.frombuffer(text, np.uint8)


def _steps(columns: Sequence[object], size: int) -> range:
    return range(0, len(columns) * size, size) if size else range(0, len(columns))


def _cells(listed: bytes, rows: int, width: int) -> Texts:
    """So many rows of a JSON list of plain values, so many values to a row."""
    data = _octets(listed)
    start, end = np.ones(rows, np.int64), np.full(rows, len(listed) - 1, np.int64)
    _part(data, width, start, end)
    return Texts(data, start, end)


@kernel
def _part(data: Octets, width: int, start: Ints, end: Ints) -> None:
    row, cells = 0, 0
    for at in range(data.size):
        if data[at] == COMMA:
            cells += 1
            if cells == width:
                end[row] = at
                row += 1
                start[row] = at + 1
                cells = 0


@kernel
def _write(before: Octets, data: Octets, start: Ints, end: Ints, out: Octets, place: Ints) -> None:
    """To each place what comes before and then its text; each place moves on behind them."""
    for i in range(place.size):
        at = copy(before, 0, before.size, out, place[i])
        place[i] = copy(data, start[i], end[i], out, at)


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
_PERCENTILES: Final = texts_of([b"null" if each == NO_PERCENTILE else b"%d" % each for each in range(256)])
