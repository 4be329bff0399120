"""Where a worker stands in its input topics, at any record of a poll."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from stream.core.lead import Ints


class Positions:
    """Next offsets by partition and topic: as they were before the poll, and after any record of it."""

    def __init__(
        self, before: dict[int, dict[str, int]], topics: Sequence[str], topic: Ints, partition: Ints, offset: Ints
    ) -> None:
        """One place a record in `topic` (place in `topics`), `partition` and `offset`."""
        self._before = before
        self._taken: dict[int, dict[str, tuple[list[int], list[int]]]] = {}
        code = partition * len(topics) + topic
        for each in np.unique(code).tolist():
            number, which = divmod(each, len(topics))
            places = np.flatnonzero(code == each)
            self._taken.setdefault(number, {})[topics[which]] = places.tolist(), offset[places].tolist()

    def at(self, place: int, partition: int) -> dict[str, int]:
        """Next offset of each topic's partition once the record at this place in the poll has been taken."""
        found = self._before.get(partition, {}).copy()
        for topic, (places, offsets) in self._taken.get(partition, {}).items():
            taken = bisect_right(places, place)
            if taken:
                found[topic] = offsets[taken - 1] + 1
        return found

    def all_at(self, places: Sequence[int], partitions: Sequence[int]) -> list[dict[str, int]]:
        """`at` for each of these records."""
        return [self.at(place, partition) for place, partition in zip(places, partitions, strict=True)]

    def after(self) -> dict[int, dict[str, int]]:
        """Next offsets after the whole poll, of the partitions that it changes."""
        return {
            partition: dict(self._before.get(partition, {}))
            | {topic: offsets[-1] + 1 for topic, (_, offsets) in topics.items()}
            for partition, topics in self._taken.items()
        }
