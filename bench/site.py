"""One deployment of Leadpulse on the bench's broker: its topics, its settings file, and the filling of its input."""

import contextlib
import os
import random
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.cores import ENGINE, HARNESS
from bench.generator import Call
from bench.reference import Reference

PARTITIONS: Final = 4
OUTPUT_PARTITIONS: Final = 2

_PORTS: Final = range(12_000, 19_000)
# Records carry the time of what they tell: by age, the broker would delete a past that is simulated.
_KEPT: Final = {"message.timestamp.before.max.ms": str(2**63 - 1), "retention.ms": "-1"}
_COMPACTED: Final = _KEPT | {"cleanup.policy": "compact"}
# The readers of the bench follow at once; the disk need not hold what came of five million leads.
_SHORT: Final = _KEPT | {"retention.bytes": str(512 << 20), "segment.bytes": str(128 << 20)}


@dataclass(frozen=True)
class Site:
    """A deployment named `name`, in a directory of its own."""

    bootstrap: str
    directory: Path
    name: str
    reference: Reference
    partitions: int = PARTITIONS

    @property
    def input(self) -> str:
        return f"{self.name}.web"

    @property
    def changes(self) -> str:
        return f"{self.name}.scores.changes"

    @property
    def state(self) -> Path:
        return self.directory / self.name / "state"

    @property
    def log(self) -> Path:
        """What its worker writes."""
        return self.directory / self.name / "worker.log"

    def create(self, *, whole: bool = False) -> None:
        """Its topics and its model. whole: outputs keep everything."""
        outputs = _KEPT if whole else _SHORT
        topics = {
            self.input: (self.partitions, _KEPT),
            f"{self.name}.changelog.v1": (self.partitions, _COMPACTED),
            f"{self.name}.scores.latest": (OUTPUT_PARTITIONS, _COMPACTED),
            self.changes: (OUTPUT_PARTITIONS, outputs),
            f"{self.name}.alerts": (OUTPUT_PARTITIONS, outputs),
            f"{self.name}.dead-letters": (OUTPUT_PARTITIONS, outputs),
        }
        create_topics(self.bootstrap, topics)
        self.log.parent.mkdir(parents=True)
        self.reference.install(self.directory / self.name / "models")

    def remove(self) -> None:
        """Topics and directory, so that the next figure finds room and a quiet broker."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 3})
        mine = [topic for topic in admin.list_topics(timeout=30).topics if topic.startswith(f"{self.name}.")]
        for done in admin.delete_topics(mine).values():
            done.result(timeout=60)
        shutil.rmtree(self.directory / self.name, ignore_errors=True)

    def config(self, **sections: Any) -> tuple[Path, int]:
        """A settings file and the port of its pages. sections: beside those of the reference job."""
        content = self.reference.content
        port = free_port()
        own = {
            "application": self.name,
            "kafka": {"bootstrap": self.bootstrap},
            "topics": content["topics"] | {"prefix": self.name},
            "state": str(self.state),
            "models": str(self.directory / self.name / "models"),
            "web": {"port": port},
        }
        path = self.directory / self.name / "leadpulse.yaml"
        path.write_text(yaml.safe_dump(content | own | sections, sort_keys=False))
        return path, port


def create_topics(bootstrap: str, topics: dict[str, tuple[int, dict[str, str]]]) -> None:
    """Topics by name, each with its partitions and settings."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    wanted = [
        NewTopic(name, partitions, replication_factor=1, config=config) for name, (partitions, config) in topics.items()
    ]
    for done in admin.create_topics(wanted).values():
        done.result(timeout=30)


def fill(bootstrap: str, topic: str, calls: Iterator[Call]) -> int:
    """Writes the calls into the topic, at the times they carry, with the engine's core at work too; returns how many.

    Raises KafkaException where the broker takes one not.
    """
    count = 0
    with _on_engine_core():
        producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 50,
                "batch.size": 262_144,
                "queue.buffering.max.messages": 200_000,
                "on_delivery": _delivered,
                "log_level": 3,  # a broker that has just come up makes the first request be repeated
            }
        )
        for call in calls:
            while True:
                try:
                    producer.produce(topic, call.value, call.key, timestamp=call.time)
                    break
                except BufferError:
                    producer.poll(0.05)
            count += 1
            if count % 5_000 == 0:
                producer.poll(0)
        if producer.flush(120) > 0:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the broker does not take what it is sent"))
    return count


def _delivered(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        raise KafkaException(error)


@contextlib.contextmanager
def _on_engine_core() -> Iterator[None]:
    """Before an engine is started its core is idle. Only this thread and those it starts move there."""
    os.sched_setaffinity(0, {ENGINE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, {HARNESS})


def free_port() -> int:
    """A port that nothing listens on, below those that outgoing connections take."""
    for port in random.SystemRandom().sample(_PORTS, k=100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError(f"no free port between {_PORTS.start} and {_PORTS.stop}")
