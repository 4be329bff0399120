"""Which topic partitions have been read to their ends, with nothing come since."""

from collections.abc import Iterable, Sequence

from confluent_kafka import Message


class Ends:
    """The ends that were met. Only from there on may a partition's time follow a clock instead of its events."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, int], int] = {}

    def meet(self, topic: str, partition: int, offset: int) -> None:
        """The client has fetched everything before this offset, and there is nothing at it."""
        self._met[topic, partition] = offset

    def leave(self, messages: Sequence[Message]) -> None:
        """Forgets the ends that these lie at or after; in one poll they may stand before the end that they led to."""
        for message in messages if self._met else ():
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None
            if offset >= self._met.get((topic, partition), offset + 1):
                del self._met[topic, partition]

    def forget(self, topic: str, partition: int) -> None:
        """It will be fetched from another place, or not at all."""
        self._met.pop((topic, partition), None)

    def offset(self, topic: str, partition: int) -> int:
        """Where the end was met; 0 where it was not, or something came since."""
        return self._met.get((topic, partition), 0)

    def holds(self, topics: Iterable[str], partition: int) -> bool:
        """Whether this partition of all these topics is at its end."""
        return all((topic, partition) in self._met for topic in topics)
