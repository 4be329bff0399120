"""One deployment for a test: settings with a prefix of its own, its directories, and its topics on a broker."""

import random
import re
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.events import Channel
from schemas.load import default_settings, load_settings
from schemas.settings import Settings
from schemas.topics import TopicNames

PARTITIONS: Final = 4
"""What librdkafka's mock cluster gives to every topic."""

_WORKER_PORTS: Final = range(12_000, 19_000)


@dataclass(frozen=True)
class Broker:
    """A Kafka to test with. real: whether it keeps its promises; the mock cluster makes none."""

    bootstrap: str
    real: bool


@dataclass(frozen=True)
class Deployment:
    """plain: the settings as the worker's file has them, the sections left out being the shipped ones."""

    broker: Broker
    directory: Path
    plain: dict[str, Any]

    @cached_property
    def settings(self) -> Settings:
        """The settings of its first worker."""
        return load_settings(self.config("worker-0"), {})

    @cached_property
    def names(self) -> TopicNames:
        return TopicNames.of(self.settings.topics)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The settings with the shipped sections, as the oracle takes them."""
        return default_settings() | self.plain

    @property
    def models(self) -> Path:
        return self.directory / "models"

    def state(self, worker: str) -> Path:
        return self.directory / f"state-{worker}"

    def config(self, worker: str) -> Path:
        """The settings file of one of its workers, with a port of its own."""
        path = self.directory / f"{worker}.yaml"
        if not path.exists():
            own = {"worker": worker, "state": str(self.state(worker)), "models": str(self.models)}
            path.write_text(yaml.safe_dump(self.plain | own | {"web": {"port": free_port()}}, sort_keys=False))
        return path

    def create_topics(self, without: Channel | None = None, partitions: int = PARTITIONS) -> None:
        """All topics: inputs and changelog alike, outputs with fewer partitions; nothing in them expires."""
        inputs = [self.names.input(channel) for channel in self.names.inputs if channel != without]
        if not self.broker.real:
            self._touch([*inputs, *self.names.outputs])
            return
        create_topics(self.broker, inputs, partitions)
        create_topics(self.broker, [self.names.changelog], partitions, compacted=True)
        create_topics(self.broker, [self.names.latest], 2, compacted=True)
        create_topics(self.broker, [self.names.changes, self.names.alerts, self.names.dead_letters], 2)

    def _touch(self, topics: Sequence[str]) -> None:
        """The mock cluster makes a topic when it is first asked for."""
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        for topic in topics:
            assert len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == PARTITIONS


def deploy(broker: Broker, directory: Path, test: str, **sections: Any) -> Deployment:
    """A deployment named after its test. sections: of the settings file, beside those that the deployment decides.

    Without a section `decay` no sweeps come between events: at which of them they would come is not determined.
    """
    name = f"{re.sub(r'[^a-z0-9]+', '-', test.lower()).strip('-')[:32]}-{uuid.uuid4().hex[:6]}"
    topics = {"prefix": name} | sections.pop("topics", {})
    plain = {"application": name, "kafka": {"bootstrap": broker.bootstrap}, "topics": topics, "decay": {"every": None}}
    plain |= sections
    return Deployment(broker, directory, plain)


def create_topics(broker: Broker, topics: Sequence[str], partitions: int, *, compacted: bool = False) -> None:
    """Topics of a real broker."""
    policy = {"cleanup.policy": "compact"} if compacted else {"retention.ms": "-1"}
    # Records carry the time of what they tell: a limit on their age would delete the past that a test replays.
    config = policy | {"message.timestamp.before.max.ms": str(2**63 - 1)}
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    wanted = [NewTopic(topic, partitions, replication_factor=-1, config=config) for topic in topics]
    for done in admin.create_topics(wanted).values():
        done.result(timeout=20)


def free_port() -> int:
    """A port that nothing listens on, below those that outgoing connections take."""
    for port in random.SystemRandom().sample(_WORKER_PORTS, k=100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError(f"no free port between {_WORKER_PORTS.start} and {_WORKER_PORTS.stop}")


def few_features() -> list[dict[str, Any]]:
    """Of the shipped features those that the scorecard counts, for tests of many events: the oracle is slow."""
    shipped = default_settings()
    counted = {rule["feature"] for rule in shipped["scorecard"]["rules"]}
    return [feature for feature in shipped["features"] if feature["name"] in counted]
