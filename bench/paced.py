"""A steady stream and its readers, each in a process of its own: neither may wait for the other."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, Final

from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition

from bench.generator import Call, Traffic, calls

TICK: Final = 0.005
_SPAWN: Final = multiprocessing.get_context("spawn")
_BY_EVENT: Final = b'"cause":"event"'
_START_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Phase:
    """So many events a second, for so long."""

    rate: int
    seconds: float

    @property
    def events(self) -> int:
        return round(self.rate * self.seconds)


class Stream:
    """Produces the traffic's events from place `skip` on, phase by phase, with the wall clock as their Kafka time."""

    def __init__(self, bootstrap: str, topic: str, traffic: Traffic, skip: int, phases: Sequence[Phase]) -> None:
        self._sent = _SPAWN.Value("q", 0)
        self._loaded = _SPAWN.Event()
        self._go = _SPAWN.Event()
        self._halt = _SPAWN.Event()
        self._marks, theirs = _SPAWN.Pipe(duplex=False)
        arguments = (
            bootstrap, topic, traffic, skip, list(phases), self._sent, self._loaded, self._go, self._halt, theirs,
        )  # fmt: skip
        self._process = _SPAWN.Process(target=_stream, args=arguments, daemon=True)
        self._process.start()
        if not self._loaded.wait(_START_SECONDS):
            raise RuntimeError("the generator did not start")

    def go(self) -> None:
        """Begins; the events are ready."""
        self._go.set()

    @property
    def sent(self) -> int:
        """Events handed to the producer so far."""
        count: int = self._sent.value
        return count

    def phase_ended(self) -> bool:
        """Whether a phase has ended since the last call that said so."""
        if self._marks.poll():
            self._marks.recv()
            return True
        return False

    def halt(self) -> None:
        """Leaves out what is not sent yet."""
        self._halt.set()

    def join(self) -> None:
        """Until everything is delivered."""
        self._process.join()
        if self._process.exitcode:
            raise RuntimeError(f"the generator ended with {self._process.exitcode}")


class Reader:
    """Follows the score changes from now on as a subscriber does, and notes when each is seen."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._stop = _SPAWN.Event()
        self._ready = _SPAWN.Event()
        self._found, theirs = _SPAWN.Pipe(duplex=False)
        self._process = _SPAWN.Process(
            target=_read, args=(bootstrap, topic, partitions, self._ready, self._stop, theirs), daemon=True
        )
        self._process.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the reader did not start")

    def finish(self) -> list[tuple[int, float]]:
        """Of each change that an event caused: the Kafka time of its trigger, and when it was seen, both in ms."""
        self._stop.set()
        found: list[tuple[int, float]] = self._found.recv()
        self._process.join()
        return found


def _stream(
    bootstrap: str,
    topic: str,
    traffic: Traffic,
    skip: int,
    phases: list[Phase],
    sent: Any,
    loaded: Event,
    go: Event,
    halt: Event,
    marks: Connection,
) -> None:
    events = iter(list(islice(calls(traffic), skip, skip + sum(phase.events for phase in phases))))
    settings = {
        "bootstrap.servers": bootstrap,
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "linger.ms": 5,
        "queue.buffering.max.messages": 1_000_000,
        "log_level": 3,
    }
    producer = Producer(settings)
    producer.list_topics(topic, timeout=30)
    loaded.set()
    go.wait()
    for phase in phases:
        _produce(producer, topic, events, phase, sent, halt)
        marks.send(None)
    producer.flush(120)


def _produce(producer: Producer, topic: str, events: Any, phase: Phase, sent: Any, halt: Event) -> None:
    began = time.monotonic()
    done = 0
    while done < phase.events and not halt.is_set():
        due = min(phase.events, int((time.monotonic() - began + TICK) * phase.rate))
        batch: list[Call] = list(islice(events, due - done))
        for call in batch:
            producer.produce(topic, call.value, call.key)
        done += len(batch)
        sent.value += len(batch)
        producer.poll(0)
        time.sleep(max(0.0, began + done / phase.rate - time.monotonic()))


def _read(bootstrap: str, topic: str, partitions: int, ready: Event, stop: Event, told: Connection) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 10,
            "enable.partition.eof": True,
        }
    )
    places = [TopicPartition(topic, partition, OFFSET_END) for partition in range(partitions)]
    consumer.assign(places)
    found: list[tuple[int, float]] = []
    ends: dict[int, int] = {}
    wanted: dict[int, int] | None = None
    while wanted is None or any(ends[partition] < end for partition, end in wanted.items()):
        message = consumer.poll(0.1)
        now = time.time() * 1000
        if message is not None and message.error() is None:
            if _BY_EVENT in (message.value() or b""):
                found.append((message.timestamp()[1], now))
        elif message is not None and (partition := message.partition()) is not None:
            ends[partition] = max(ends.get(partition, 0), message.offset() or 0)
        if len(ends) == partitions:
            ready.set()
        if wanted is None and stop.is_set():
            # What is slowest to be seen must not be left out: the reader goes on to what is the end by now.
            wanted = {each.partition: consumer.get_watermark_offsets(each, timeout=30)[1] for each in places}
    consumer.close()
    told.send(found)
