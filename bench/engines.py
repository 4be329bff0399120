"""What an engine under measurement is to the bench: something that is started on a prefilled topic and watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from confluent_kafka import Consumer, TopicPartition


@dataclass(frozen=True)
class Job:
    """One run of one engine.

    input: a topic that is filled already. output: a topic for its score changes, made and empty. name: unique to the
    run, for consumer group, application id and topics of its own. model, job: the files that bench/README.md describes.
    directory: empty, for state and logs. core: the one that all of its threads are to run on.
    """

    bootstrap: str
    input: str
    output: str
    partitions: int
    name: str
    model: Path
    job: Path
    directory: Path
    core: int


class Running(Protocol):
    """An engine at work."""

    def processes(self) -> Sequence[int]:
        """The processes whose CPU time and memory are its own."""

    def processed(self) -> int:
        """Input records that are done with: their outputs and state are committed."""

    def stop(self) -> None:
        """Ends it; may be called twice."""


class Engine(Protocol):
    """An engine that can be started. guarantee: `exactly_once` or `at_least_once`."""

    name: str
    version: str
    guarantee: str

    def missing(self) -> str | None:
        """Why it cannot run on this machine and what to install; None where it can."""

    def start(self, job: Job) -> Running:
        """Starts it; returns at once or when it is up."""


class Group:
    """The committed offsets of a consumer group, read without joining it."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int) -> None:
        # read_uncommitted: else the broker holds the answer back while a transaction with offsets is open.
        settings = {"bootstrap.servers": bootstrap, "group.id": group, "isolation.level": "read_uncommitted"}
        self._consumer = Consumer(settings)
        self._partitions = [TopicPartition(topic, partition) for partition in range(partitions)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._consumer.close()

    def processed(self) -> int:
        """Records of the topic below the committed offsets, which begin at 0."""
        return sum(max(0, each.offset) for each in self._consumer.committed(self._partitions, timeout=10))
