"""Drivers of a score in a record: the features that moved it most, with a text for a sales rep."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from schemas.settings import Settings
from stream.core.fold import Matrix
from stream.core.reasons import Strongest
from stream.core.texts import Texts, encode, grouped, joined, numbers, texts_of
from stream.core.wording import Wording

THOUSAND: Final = 1000.0
COMMAS: Final = texts_of([b"", b","])


class Drivers:
    """Puts what counts most into JSON and into words."""

    def __init__(self, settings: Settings) -> None:
        self._wording = Wording(settings)
        self._names = texts_of([encode(feature.name) for feature in settings.features])
        self._said = lru_cache(maxsize=65_536)(self._say)

    def texts(self, strongest: Strongest, features: Matrix) -> Texts:
        """Of each of N updates, with N vectors, those that count for something, as JSON without brackets."""
        counts = strongest.change != 0
        # The strongest come first, so those that count for nothing are the last.
        places = strongest.places[counts]
        value, now, change = numbers(
            np.take_along_axis(features, strongest.places, axis=1)[counts].tolist(),
            (strongest.now[counts] / THOUSAND).tolist(),
            (strongest.change[counts] / THOUSAND).tolist(),
        )
        follows = np.flatnonzero(counts) % strongest.places.shape[1] > 0
        said = texts_of([*map(self._said, places.tolist(), self._coarse(strongest, features)[counts].tolist())])
        each = joined(
            len(places), COMMAS.pick(follows.astype(np.int64)), b'{"feature":', self._names.pick(places),
            b',"value":', value, b',"contribution":', now, b',"change":', change, b',"text":', said, b"}",
        )  # fmt: skip
        return grouped(each, counts.sum(axis=1))

    def raising(self, strongest: Strongest, features: Matrix) -> list[list[str]]:
        """Of each of N updates, with N vectors, what raised the score, in words."""
        rows = zip(
            *(part.tolist() for part in (strongest.places, self._coarse(strongest, features), strongest.change)),
            strict=True,
        )
        describe = self._wording.describe
        return [
            [describe(place, value) for place, value, change in zip(*row, strict=True) if change > 0] for row in rows
        ]

    def _coarse(self, strongest: Strongest, features: Matrix) -> Matrix:
        return np.take_along_axis(self._wording.coarse(features), strongest.places, axis=1)

    def _say(self, place: int, value: float) -> bytes:
        """A feature in words, as JSON."""
        return encode(self._wording.describe(place, value))


def sentence(tier: str, raising: Sequence[str]) -> str:
    """An alert in words."""
    return f"{tier.capitalize()}: {'; '.join(raising)}" if raising else tier.capitalize()
