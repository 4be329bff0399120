"""Where a worker stands in its input topics, at any record of a poll."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from stream.core.lead import Ints
from stream.core.numerals import wholes
from stream.core.texts import COMMAS, Texts, encode, grouped, joined, quoted, texts_of

NOWHERE: Final = -1
"""Instead of an offset: the worker has never been in this topic's partition."""


class Positions:
    """Next offsets by partition and topic: as they were before the poll, and after any record of it."""

    def __init__(
        self, before: dict[int, dict[str, int]], topics: Sequence[str], topic: Ints, partition: Ints, offset: Ints
    ) -> None:
        """One place a record in `topic` (place in `topics`), `partition` and `offset`."""
        self._before = before
        self._taken: dict[int, dict[str, tuple[Ints, Ints]]] = {}
        code = partition * len(topics) + topic
        for each in np.unique(code).tolist():
            number, which = divmod(each, len(topics))
            places = np.flatnonzero(code == each)
            self._taken.setdefault(number, {})[topics[which]] = places, offset[places]

    def texts(self, places: Ints, partitions: Ints) -> Texts:
        """As JSON, for each of N records of the poll: the next offset of each topic's partition once it was taken.

        places: theirs in the poll. partitions: those that they are of.
        """
        topics = sorted({topic for each in (self._before, self._taken) for known in each.values() for topic in known})
        found = np.full((len(places), len(topics)), NOWHERE)
        for number in np.unique(partitions).tolist():
            rows = np.flatnonzero(partitions == number)
            before, taken = self._before.get(number, {}), self._taken.get(number, {})
            for column, topic in enumerate(topics):
                found[rows, column] = before.get(topic, NOWHERE)
                if topic in taken:
                    at, offsets = taken[topic]
                    passed = np.searchsorted(at, places[rows], side="right")
                    found[rows[passed > 0], column] = offsets[passed[passed > 0] - 1] + 1
        known = found != NOWHERE
        row, which = np.nonzero(known)
        commas = COMMAS.pick((known.cumsum(axis=1)[row, which] > 1).astype(np.int64))
        names = texts_of([quoted(topic) for topic in topics]).pick(which)
        each = joined(len(row), commas, names, b":", wholes(found[row, which]))
        return joined(len(places), b"{", grouped(each, known.sum(axis=1)), b"}")

    def after(self) -> dict[int, dict[str, int]]:
        """Next offsets after the whole poll, of the partitions that it changes."""
        return {
            partition: dict(self._before.get(partition, {}))
            | {topic: int(offsets[-1]) + 1 for topic, (_, offsets) in topics.items()}
            for partition, topics in self._taken.items()
        }


def at_one_place(positions: Mapping[str, int], size: int) -> Texts:
    """One place for all of so many records, as JSON."""
    return texts_of([encode(positions)]).pick(np.zeros(size, np.int64))
