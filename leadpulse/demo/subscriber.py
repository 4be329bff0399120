"""A subscriber to the outputs: what it read, how long it waited for it, and whether anything is missing.

It reads `read_committed`, as a subscriber should. On the in-process broker that hides nothing: a record shows when it
is written, some milliseconds before its transaction ends.
"""

import threading
import time
from collections import Counter, deque
from typing import Final, Literal

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from leadpulse.demo.broker import PARTITIONS
from schemas.topics import TopicNames

_BATCH: Final = 1_000
_NEWS: Final = 2_000
_WAIT_SECONDS: Final = 0.05
_CLOSE_SECONDS: Final = 5.0


class Scored(msgspec.Struct):
    """A score."""

    score: float
    log_odds: float
    tier: str
    previous: "Scored | None" = None


class Driver(msgspec.Struct):
    """A reason."""

    text: str
    change: float


class Occurrence(msgspec.Struct):
    """An event behind an alert."""

    label: str
    time: str


class Told(msgspec.Struct):
    """What this subscriber uses of a score change, and of an alert, which has `text` and no `cause`."""

    lead: str
    sequence: int
    time: str
    model: str
    scores: dict[str, Scored]
    drivers: list[Driver]
    cause: Literal["event", "model", "clock"] | None = None
    text: str = ""
    rise: float = 0.0
    events: list[Occurrence] = []

    @property
    def now(self) -> Scored:
        return self.scores["conversion"]

    @property
    def before(self) -> Scored | None:
        """The score of the lead's change before this one."""
        return self.now.previous

    @property
    def up(self) -> bool:
        """Whether the score rose, or is the lead's first."""
        return self.before is None or self.now.log_odds >= self.before.log_odds


_told: Final = msgspec.json.Decoder(Told).decode


class Subscriber:
    """Reads in a thread of its own, from entering the `with` block to leaving it. Its figures may be read anytime."""

    def __init__(self, bootstrap: str, names: TopicNames) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "demo-subscriber",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 5,
                "log_level": 2,
            }
        )
        self._names = names
        self._thread = threading.Thread(target=self._read, name="subscriber", daemon=True)
        self._quit = threading.Event()
        self._sent: dict[tuple[str, str], float] = {}
        self.error: str | None = None
        self.outputs: Counter[str] = Counter()
        """Records read, by kind as the worker's metrics name it."""
        self.refused: Counter[str] = Counter()
        """Dead letters by reason."""
        self.causes: dict[tuple[str, int], str] = {}
        """Of each change, by lead and sequence: `event`, or what alone made the difference: `model` or `clock`."""
        self.alerts: list[tuple[str, int]] = []
        """Lead and sequence of each."""
        self.swap_moves = 0
        """Leads that a model swap alone moved to another tier."""
        self.news: deque[Told] = deque(maxlen=_NEWS)
        """The latest changes and alerts, for people to look at."""
        self.models: list[str] = []
        """Digests in the order in which they were first seen."""
        self.repeated = 0
        """Changes with a lead and sequence that had been read before."""
        self.latencies: list[float] = []
        """Seconds from producing an event to reading the score change that it caused, where `expect` announced it."""

    def expect(self, lead: str, time_: str) -> None:
        """An event of this lead and Kafka time is being produced now: measure how long its score change takes."""
        self._sent.setdefault((lead, time_), time.monotonic())

    def gaps(self) -> int:
        """How many changes are missing: each lead's sequence counts from 1 without gaps."""
        last: dict[str, int] = {}
        for lead, sequence in self.causes:
            last[lead] = max(last.get(lead, 0), sequence)
        return sum(last.values()) - len(self.causes)

    def alerts_by_swap(self) -> int:
        """How many alerts came with a change that no event caused, or with none at all."""
        return sum(self.causes.get(each) != "event" for each in self.alerts)

    def __enter__(self) -> "Subscriber":
        topics = (self._names.changes, self._names.alerts, self._names.dead_letters)
        self._consumer.assign([TopicPartition(topic, each, 0) for topic in topics for each in range(PARTITIONS)])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._quit.set()
        self._thread.join(_CLOSE_SECONDS)
        self._consumer.close()

    def _read(self) -> None:
        try:
            while not self._quit.is_set():
                # To ask for many at once would wait for many: the first is timed when it comes.
                messages = self._consumer.consume(1, _WAIT_SECONDS)
                messages += self._consumer.consume(_BATCH - 1, 0) if messages else []
                now = time.monotonic()
                for message in messages:
                    self._take(message, now)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"

    def _take(self, message: Message, now: float) -> None:
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                self.error = error.str()
            return
        topic, value = message.topic(), message.value()
        if topic == self._names.dead_letters:
            self.outputs["dead-letter"] += 1
            self.refused[_reason(message)] += 1
            return
        assert isinstance(value, bytes)
        told = _told(value)
        if told.model not in self.models:
            self.models.append(told.model)
        self.news.append(told)
        key = (told.lead, told.sequence)
        if topic == self._names.alerts:
            self.outputs["alert"] += 1
            self.alerts.append(key)
            return
        self.outputs["change"] += 1
        sent = self._sent.pop((told.lead, told.time), None)
        if sent is not None:
            self.latencies.append(now - sent)
        self.repeated += key in self.causes
        self.causes[key] = told.cause or ""
        if told.cause == "model" and told.before is not None and told.before.tier != told.now.tier:
            self.swap_moves += 1


def _reason(message: Message) -> str:
    value = dict(message.headers() or []).get("leadpulse.reason")
    return value.decode() if isinstance(value, bytes) else "unknown"
