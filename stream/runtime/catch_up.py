"""Catching up on several topics at once, in the order of the records' Kafka times.

After a pause a worker has days of every topic before it. Read one after the other, the first would take a lead's clock
so far ahead that the others' events came after the horizon and would be refused as late. So until each topic has
reached the end that it had at the start, a partition's records are held and let go in the order of their times.
Afterwards they pass as they come.
"""

from collections import deque
from typing import Final, NamedTuple

from confluent_kafka import Message, TopicPartition

HELD_MOST: Final = 8_000
HELD_FEW: Final = 2_000
HELD_BYTES: Final = 64 * 1024 * 1024
"""Of all topics and partitions together: each has an equal share."""
MESSAGE_BYTES: Final = 600
"""Of a held message beside its value, in the client and here."""


class Hold(NamedTuple):
    """Which topic partitions to stop fetching, and which to fetch again."""

    pause: list[TopicPartition]
    resume: list[TopicPartition]


class CatchUp:
    """Holds records of the partitions that are behind."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Merge] = {}

    @property
    def active(self) -> bool:
        """Whether any partition is behind."""
        return bool(self._partitions)

    def holds(self, partition: int) -> bool:
        """Whether this partition is behind."""
        return partition in self._partitions

    def start(self, partition: int, spans: dict[str, tuple[int, int]]) -> None:
        """A partition begins: for each topic the offset to fetch from and the end (exclusive)."""
        behind = {topic: end for topic, (start, end) in spans.items() if start < end}
        if len(behind) > 1:
            self._partitions[partition] = _Merge(behind, list(spans))

    def reach_end(self, topic: str, partition: int) -> None:
        """Everything that a topic has was fetched: its last offsets may be marks of transactions, never records."""
        merge = self._partitions.get(partition)
        if merge is not None:
            merge.ended.add(topic)

    def forget(self, partition: int) -> list[TopicPartition]:
        """Drops what is held of a partition: it will be fetched again, or is another worker's. Returns what to resume
        before: the client keeps a pause over the end of an assignment.
        """
        merge = self._partitions.pop(partition, None)
        return [] if merge is None else [TopicPartition(topic, partition) for topic in sorted(merge.paused)]

    def take(self, messages: list[Message]) -> tuple[list[Message], Hold]:
        """What may go on now, and what to do about fetching."""
        ready = [message for message in messages if not self._held(message)]
        hold = Hold([], [])
        share = HELD_BYTES // max(1, sum(len(merge.queues) for merge in self._partitions.values()))
        for partition, merge in list(self._partitions.items()):
            merge.release(ready)
            merge.balance(partition, hold, share)
            if not merge.behind and not merge.waiting:
                del self._partitions[partition]
        return ready, hold

    def _held(self, message: Message) -> bool:
        partition = message.partition()
        merge = None if partition is None else self._partitions.get(partition)
        if merge is None:
            return False
        merge.add(message)
        return True


class _Merge:
    """One partition's topics."""

    def __init__(self, behind: dict[str, int], topics: list[str]) -> None:
        self.behind = behind
        self.ended: set[str] = set()
        self.paused: set[str] = set()
        self.queues: dict[str, deque[tuple[int, Message]]] = {topic: deque() for topic in topics}
        self._latest: dict[str, int] = dict.fromkeys(topics, 0)
        self._bytes: dict[str, int] = dict.fromkeys(topics, 0)

    @property
    def waiting(self) -> bool:
        """Whether records are held, or a topic is not fetched."""
        return any(self.queues.values()) or bool(self.paused)

    def add(self, message: Message) -> None:
        topic = message.topic()
        assert topic is not None
        # A topic's own order stays: its clock never goes back.
        self._latest[topic] = max(self._latest[topic], message.timestamp()[1])
        self.queues[topic].append((self._latest[topic], message))
        self._bytes[topic] += len(message) + MESSAGE_BYTES

    def release(self, ready: list[Message]) -> None:
        """Lets the earliest go while every topic that is behind has shown what it has next."""
        while True:
            for topic in [each for each in self.behind if not self.queues[each]]:
                if topic not in self.ended:
                    return
                del self.behind[topic]
            heads = [(queue[0][0], topic) for topic, queue in self.queues.items() if queue]
            if not heads:
                return
            _, topic = min(heads)
            _, message = self.queues[topic].popleft()
            self._bytes[topic] -= len(message) + MESSAGE_BYTES
            ready.append(message)
            offset = message.offset()
            if topic in self.behind and offset is not None and offset + 1 >= self.behind[topic]:
                del self.behind[topic]

    def balance(self, partition: int, hold: Hold, share: int) -> None:
        """`share`: how many bytes each topic may hold."""
        for topic, queue in self.queues.items():
            size = self._bytes[topic]
            if topic not in self.paused and (len(queue) > HELD_MOST or size > share):
                self.paused.add(topic)
                hold.pause.append(TopicPartition(topic, partition))
            elif topic in self.paused and ((len(queue) < HELD_FEW and size < share / 4) or not self.behind):
                self.paused.discard(topic)
                hold.resume.append(TopicPartition(topic, partition))
