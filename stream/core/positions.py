"""Where a worker stands in its input topics, at any record of a poll."""

from bisect import bisect_right
from collections.abc import Sequence

from stream.core.ids import Origin


class Positions:
    """Next offsets by partition and topic: as they were before the poll, and after any record of it."""

    def __init__(self, before: dict[int, dict[str, int]], poll: Sequence[Origin]) -> None:
        self._before = before
        self._poll = poll
        self._places: dict[int, dict[str, list[int]]] = {}
        for place, (topic, partition, _) in enumerate(poll):
            self._places.setdefault(partition, {}).setdefault(topic, []).append(place)

    def at(self, place: int, partition: int) -> dict[str, int]:
        """Next offset of each topic's partition once the record at this place in the poll has been taken."""
        found = dict(self._before.get(partition, {}))
        for topic, places in self._places.get(partition, {}).items():
            taken = bisect_right(places, place)
            if taken:
                found[topic] = self._poll[places[taken - 1]].offset + 1
        return found

    def after(self) -> dict[int, dict[str, int]]:
        """Next offsets after the whole poll."""
        last = len(self._poll)
        return {partition: self.at(last, partition) for partition in self._before.keys() | self._places.keys()}
