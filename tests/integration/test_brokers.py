"""The brokers that tests start keep their word: what they acknowledged outlives a kill, on the same port."""

import socket

import pytest
from confluent_kafka import Producer

from tests.brokers.docker_kafka import DockerKafka, docker_answers
from tests.brokers.local_kafka import LocalKafka
from tests.brokers.single_node import kafka_version
from tests.integration.deployment import Broker, create_topics
from tests.integration.topics import read_all

pytestmark = pytest.mark.kafka


def send_in_a_transaction(broker: Broker, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": "sender", "log_level": 2})
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce("kept", value)
    producer.commit_transaction(30)


def accepts(bootstrap: str) -> bool:
    host, port = bootstrap.split(":")
    with socket.socket() as knocking:
        return knocking.connect_ex((host, int(port))) == 0


def assert_a_kill_loses_nothing(kafka: DockerKafka | LocalKafka) -> None:
    broker = Broker(kafka.bootstrap, real=True)
    create_topics(broker, ["kept"], 1)
    send_in_a_transaction(broker, [b"1", b"2"])
    kafka.kill()
    assert not accepts(broker.bootstrap)
    kafka.start()
    assert kafka.bootstrap == broker.bootstrap
    send_in_a_transaction(broker, [b"3"])
    assert [record.value for record in read_all(broker, "kept")] == [b"1", b"2", b"3"]


@pytest.mark.nightly  # row 3 kills one with every test
def test_a_local_broker_of_the_wanted_version_survives_a_kill() -> None:
    with LocalKafka() as kafka:
        assert_a_kill_loses_nothing(kafka)
        assert f"Kafka version: {kafka_version()}\n" in kafka.log_file.read_text()


@pytest.mark.nightly
def test_a_broker_in_docker_of_the_wanted_version_survives_a_kill() -> None:
    if not docker_answers():
        pytest.skip("NO DOCKER: no daemon answers; nothing was proved about containers")
    with DockerKafka() as kafka:
        assert_a_kill_loses_nothing(kafka)
        assert f"Kafka version: {kafka_version()} " in kafka.log.replace("\n", " ")
    with pytest.raises(RuntimeError, match="closed"):
        _ = kafka.log
