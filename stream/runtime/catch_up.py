"""Catching up on several topics at once, in the order of the records' Kafka times.

After a pause a worker has days of every topic before it. Read one after the other, the first would take a lead's clock
so far ahead that the others' events came after the horizon and would be refused as late. So until each topic has
reached the end that it had at the start, a partition's records are held and let go in the order of their times.
Afterwards they pass as they come.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from confluent_kafka import Message, TopicPartition

STALL_SECONDS: Final = 2.0
HELD_MOST: Final = 8_000
HELD_FEW: Final = 2_000


class Hold(NamedTuple):
    """Which topic partitions to stop fetching, and which to fetch again."""

    pause: list[TopicPartition]
    resume: list[TopicPartition]


class CatchUp:
    """Holds records of the partitions that are behind."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._partitions: dict[int, _Merge] = {}

    @property
    def active(self) -> bool:
        """Whether any partition is behind."""
        return bool(self._partitions)

    def start(self, partition: int, spans: dict[str, tuple[int, int]]) -> None:
        """A partition begins: for each topic the offset to fetch from and the end (exclusive)."""
        behind = {topic: end for topic, (start, end) in spans.items() if start < end}
        self.forget(partition)
        if len(behind) > 1:
            self._partitions[partition] = _Merge(behind, list(spans), self._clock())

    def forget(self, partition: int) -> None:
        """Drops what is held of a partition: it will be fetched again, or is another worker's."""
        self._partitions.pop(partition, None)

    def take(self, messages: list[Message]) -> tuple[list[Message], Hold]:
        """What may go on now, and what to do about fetching."""
        ready = [message for message in messages if not self._held(message)]
        hold = Hold([], [])
        for partition, merge in list(self._partitions.items()):
            merge.release(ready, self._clock())
            merge.balance(partition, hold)
            if not merge.behind and not merge.waiting:
                del self._partitions[partition]
        return ready, hold

    def _held(self, message: Message) -> bool:
        partition = message.partition()
        merge = None if partition is None else self._partitions.get(partition)
        if merge is None:
            return False
        merge.add(message, self._clock())
        return True


class _Merge:
    """One partition's topics."""

    def __init__(self, behind: dict[str, int], topics: list[str], now: float) -> None:
        self.behind = behind
        self._queues: dict[str, deque[tuple[int, Message]]] = {topic: deque() for topic in topics}
        self._latest: dict[str, int] = dict.fromkeys(topics, 0)
        self._heard = dict.fromkeys(topics, now)
        self._paused: set[str] = set()

    @property
    def waiting(self) -> bool:
        """Whether records are held, or a topic is not fetched."""
        return any(self._queues.values()) or bool(self._paused)

    def add(self, message: Message, now: float) -> None:
        topic = message.topic()
        assert topic is not None
        # A topic's own order stays: its clock never goes back.
        self._latest[topic] = max(self._latest[topic], message.timestamp()[1])
        self._queues[topic].append((self._latest[topic], message))
        self._heard[topic] = now

    def release(self, ready: list[Message], now: float) -> None:
        """Lets the earliest go while every topic that is behind has shown what it has next."""
        while True:
            for topic in [each for each in self.behind if not self._queues[each]]:
                # The last offsets of a topic may be marks of transactions, which never arrive as records.
                if now - self._heard[topic] < STALL_SECONDS:
                    return
                del self.behind[topic]
            heads = [(queue[0][0], topic) for topic, queue in self._queues.items() if queue]
            if not heads:
                return
            _, topic = min(heads)
            _, message = self._queues[topic].popleft()
            ready.append(message)
            offset = message.offset()
            if topic in self.behind and offset is not None and offset + 1 >= self.behind[topic]:
                del self.behind[topic]

    def balance(self, partition: int, hold: Hold) -> None:
        for topic, queue in self._queues.items():
            if topic not in self._paused and len(queue) > HELD_MOST:
                self._paused.add(topic)
                hold.pause.append(TopicPartition(topic, partition))
            elif topic in self._paused and (len(queue) < HELD_FEW or not self.behind):
                self._paused.discard(topic)
                # Silence until now was ours.
                self._heard[topic] = max(self._heard.values())
                hold.resume.append(TopicPartition(topic, partition))
