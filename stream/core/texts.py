"""JSON, a column at a time: to encode one list of numbers and cut it up costs a tenth of encoding them one by one."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from msgspec.json import Encoder

from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.core.lead import Ints
from stream.core.standing import NO_PERCENTILE

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]

encode: Final = Encoder().encode
"""Any content as JSON."""

quoted: Final = lru_cache(maxsize=4_096)(encode)
"""A name that comes often, as JSON."""


def numbers(column: Sequence[int | float | None]) -> list[bytes]:
    """Each number as JSON; the shortest text that gives the same double."""
    return encode(column)[1:-1].split(b",") if column else []


def vectors(matrix: Matrix) -> list[bytes]:
    """Each row as JSON, without its brackets."""
    return encode(matrix.tolist())[2:-2].split(b"],[") if len(matrix) else []


def scores(log_odds: Vector, tier: Sequence[bytes], percentile: Ints) -> list[bytes]:
    """The members of a `schemas.records.Score`, without braces, for each score."""
    wide = log_odds.astype(np.float64)
    odds = np.exp(-np.abs(wide))
    # The probability to nine digits (the inverse of the log-odds), and 100 times that to seven.
    chance = rounded(np.where(wide >= 0, 1.0, odds) / (1.0 + odds), 9)
    columns = (
        numbers(chance.tolist()),
        numbers(rounded(100 * chance, 7).tolist()),
        numbers(wide.tolist()),
        numbers([None if each == NO_PERCENTILE else each for each in percentile.tolist()]),
        tier,
    )
    return [
        b'"probability":%b,"score":%b,"log_odds":%b,"percentile":%b,"tier":%b' % each
        for each in zip(*columns, strict=True)
    ]


def rounded(numbers: Doubles, digits: int) -> Doubles:
    """The doubles nearest to the decimal numbers of so many digits."""
    scale = 10.0**digits
    return np.rint(numbers * scale) / scale
