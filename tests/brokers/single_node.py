"""What every broker that the tests start has in common: its version, its properties, and when it counts as up."""

from __future__ import annotations

import base64
import os
import random
import re
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

POM: Final = Path(__file__).with_name("pom.xml")

# Below the range from which Linux takes the ports of outgoing connections. A port from inside that range can be lost
# while the broker is down: to any client's connection, or to one that reconnects and meets itself on the closed port.
_PORTS: Final = range(20_000, 32_000)

PROPERTIES: Final = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    # One node cannot replicate, and three copies are the default of the internal topics.
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # 50 by default, each with its files: they are created when the first group or transaction comes.
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.num.partitions": "2",
    # A production broker waits 3 s for more members before it forms a group.
    "group.initial.rebalance.delay.ms": "0",
    # Of the brokers' own protocol for groups: a session is the default 45 s, and a group may be given a shorter one.
    "group.consumer.min.session.timeout.ms": "6000",
    "group.consumer.min.heartbeat.interval.ms": "500",
    # After a kill the controller lets the same broker in again only when its old session has run out.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # A misspelt topic is to fail the test that misspelt it.
    "auto.create.topics.enable": "false",
}


class BrokerError(RuntimeError):
    """The broker could not be fetched, formatted or started; the message ends with what the failing program said."""


def kafka_version(environment: Mapping[str, str] = os.environ) -> str:
    """The version of Kafka to test on: LEADPULSE_KAFKA_VERSION, or the one in pom.xml."""
    if wanted := environment.get("LEADPULSE_KAFKA_VERSION"):
        if not re.fullmatch(r"\d+\.\d+\.\d+", wanted):
            raise BrokerError(f"LEADPULSE_KAFKA_VERSION is {wanted!r}: name a release, such as 3.9.1")
        return wanted
    found = ElementTree.parse(POM).getroot().findtext("{*}properties/{*}kafka.version")
    if found is None:
        raise BrokerError(f"{POM.name} has no property kafka.version")
    return found


def new_cluster_id() -> str:
    """A random id in the form that StorageTool takes: it would read a leading dash as an option."""
    while True:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not cluster_id.startswith("-"):
            return cluster_id


def free_ports(count: int, host: str) -> list[int]:
    """Ports of this machine that nothing listens on and no outgoing connection takes."""
    ports: list[int] = []
    # Not the module's own generator: tests that seed it would all begin with the same port.
    for port in random.SystemRandom().sample(_PORTS, k=len(_PORTS)):
        with socket.socket() as probe:
            # As the broker does; else a port in TIME_WAIT would count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise BrokerError(f"no {count} free ports between {_PORTS.start} and {_PORTS.stop}")


def came_up(bootstrap: str, alive: Callable[[], bool], patience_s: float) -> bool:
    """Waits until the node answers as a cluster of one; False once it is not alive or the patience is at its end."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and alive():
        # Knock first: librdkafka writes an error for each refused connection.
        if _accepts(bootstrap) and _answers(bootstrap):
            return True
        time.sleep(0.05)
    return False


def _accepts(bootstrap: str) -> bool:
    host, _, port = bootstrap.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False


def _answers(bootstrap: str) -> bool:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        # The port opens before the controller lets the broker in; until then the metadata lists no broker.
        return len(admin.list_topics(timeout=2).brokers) == 1
    except KafkaException:
        return False
