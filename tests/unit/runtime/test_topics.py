"""What the worker says before it reads anything, while brokers or topics are not as it needs them."""

import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.topics import TopicsError, check_topics
from tests.integration.deployment import Broker
from tests.unit.schemas.files import shipped


def settings(bootstrap: str, prefix: str = "leadpulse") -> Settings:
    def change(content: dict[str, Any]) -> None:
        content["kafka"] = {"bootstrap": bootstrap}
        content["topics"] = {"prefix": prefix, "inputs": ["web", "crm"]}

    return shipped(change)


def refusal(configured: Settings) -> str:
    with pytest.raises(TopicsError) as refused:
        check_topics(configured)
    return str(refused.value)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and that nothing listens on, so that nobody else can begin to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_broker_that_refuses_is_named_with_the_remedy_within_seconds(closed_port: int) -> None:
    began = time.monotonic()
    text = refusal(settings(f"127.0.0.1:{closed_port}"))
    assert time.monotonic() - began < 10
    assert text.startswith(f"127.0.0.1:{closed_port}: ")
    assert "Connection refused" in text
    assert text.endswith("check kafka.bootstrap and the network")


def test_a_broker_that_accepts_and_never_answers_is_named_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        text = refusal(settings(f"127.0.0.1:{port}"))
    assert time.monotonic() - began < 10
    assert text.startswith(f"127.0.0.1:{port}: ")
    assert "check kafka.bootstrap" in text


def test_an_address_without_an_entry_is_told_as_such() -> None:
    text = refusal(settings("no-such-broker.invalid:9092"))
    assert text.startswith("no-such-broker.invalid:9092: _RESOLVE: ")
    assert text.endswith("check kafka.bootstrap")


def test_topics_that_fit_are_counted(mock_kafka: Broker) -> None:
    assert check_topics(settings(mock_kafka.bootstrap, "fitting")).partitions == 4  # what the mock cluster gives


def create(broker: Broker, topics: dict[str, int]) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    wanted: Sequence[NewTopic] = [NewTopic(topic, count, replication_factor=1) for topic, count in topics.items()]
    for done in admin.create_topics(list(wanted)).values():
        done.result(timeout=20)
    for topic in topics:
        # Right after a topic was made, a broker may not know it yet.
        while admin.list_topics(topic, timeout=10).topics[topic].error is not None:
            time.sleep(0.05)


def wanted(configured: Settings) -> dict[str, int]:
    names = TopicNames.of(configured.topics)
    return dict.fromkeys((*map(names.input, names.inputs), names.changelog), 3) | dict.fromkeys(
        (names.changes, names.latest, names.alerts, names.dead_letters), 1
    )


@pytest.mark.kafka
def test_a_missing_topic_is_named(real_kafka: Broker) -> None:
    configured = settings(real_kafka.bootstrap, "missing")
    topics = wanted(configured)
    del topics["missing.alerts"]
    create(real_kafka, topics)
    text = refusal(configured)
    assert text.startswith("topic missing.alerts: ")
    assert text.endswith("a topic does not exist: create it")
    create(real_kafka, {"missing.alerts": 1})
    assert check_topics(configured).partitions == 3


@pytest.mark.kafka
@pytest.mark.parametrize("odd", ["crm", "changelog.v1"])
def test_partition_counts_that_differ_are_told_topic_by_topic(real_kafka: Broker, odd: str) -> None:
    prefix = f"uneven-{odd}"
    configured = settings(real_kafka.bootstrap, prefix)
    create(real_kafka, wanted(configured) | {f"{prefix}.{odd}": 5})
    text = refusal(configured)
    assert "must have the same number of partitions" in text
    assert f"{prefix}.web has 3" in text
    assert f"{prefix}.{odd} has 5" in text
    assert "alerts" not in text
