"""Where a worker stands in its input topics, at any record of a poll."""

from collections.abc import Sequence

import numpy as np

from stream.core.ids import Origin


class Positions:
    """Next offsets by partition and topic: as they were before the poll, and after any record of it."""

    def __init__(self, before: dict[int, dict[str, int]], poll: Sequence[Origin]) -> None:
        self._before = before
        self._poll = poll
        self._places: dict[tuple[str, int], np.ndarray[tuple[int], np.dtype[np.int64]]] | None = None

    def at(self, place: int, partition: int) -> dict[str, int]:
        """Next offset of each topic's partition once the record at this place in the poll has been taken."""
        found = dict(self._before.get(partition, {}))
        for (topic, number), places in self._index().items():
            taken = int(np.searchsorted(places, place, side="right"))
            if number == partition and taken:
                found[topic] = self._poll[int(places[taken - 1])].offset + 1
        return found

    def after(self) -> dict[int, dict[str, int]]:
        """Next offsets after the whole poll."""
        found = {partition: dict(topics) for partition, topics in self._before.items()}
        for (topic, partition), places in self._index().items():
            found.setdefault(partition, {})[topic] = self._poll[int(places[-1])].offset + 1
        return found

    def _index(self) -> dict[tuple[str, int], np.ndarray[tuple[int], np.dtype[np.int64]]]:
        if self._places is None:
            lists: dict[tuple[str, int], list[int]] = {}
            for place, each in enumerate(self._poll):
                lists.setdefault((each.topic, each.partition), []).append(place)
            self._places = {key: np.array(places, np.int64) for key, places in lists.items()}
        return self._places
