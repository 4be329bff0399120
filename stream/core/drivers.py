"""Drivers of a score in a record: the features that moved it most, with a text for a sales rep."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from schemas.settings import Settings
from stream.core.fold import Matrix
from stream.core.numerals import decimals, singles
from stream.core.reasons import Strongest
from stream.core.texts import COMMAS, Texts, encode, grouped, joined, texts_of
from stream.core.wording import Wording

DIGITS: Final = 3
"""Contributions are told in thousandths."""


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
        update, rank = np.nonzero(counts)
        places = strongest.places[update, rank]
        now, change = (decimals(column[update, rank], DIGITS) for column in (strongest.now, strongest.change))
        told = self._wording.coarse(features)[update, places].tolist()
        each = joined(
            len(places), COMMAS.pick((rank > 0).astype(np.int64)), b'{"feature":', self._names.pick(places),
            b',"value":', singles(features[update, places]), b',"contribution":', now, b',"change":', change,
            b',"text":', texts_of([*map(self._said, places.tolist(), told)]), b"}",
        )  # fmt: skip
        return grouped(each, counts.sum(axis=1))

    def raising(self, strongest: Strongest, features: Matrix) -> list[list[str]]:
        """Of each of N updates, with N vectors, what raised the score, in words."""
        told = self._wording.coarse(features)[np.arange(len(features))[:, np.newaxis], strongest.places]
        rows = zip(strongest.places.tolist(), told.tolist(), strongest.change.tolist(), strict=True)
        describe = self._wording.describe
        return [
            [describe(place, value) for place, value, change in zip(*row, strict=True) if change > 0] for row in rows
        ]

    def _say(self, place: int, value: float) -> bytes:
        """A feature in words, as JSON."""
        return encode(self._wording.describe(place, value))


def sentence(tier: str, raising: Sequence[str]) -> str:
    """An alert in words."""
    return f"{tier.capitalize()}: {'; '.join(raising)}" if raising else tier.capitalize()
