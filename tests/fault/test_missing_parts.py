"""A worker that cannot score yet: it lives, says what is missing and what to do, and begins when that has come."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]

from schemas.times import DAY
from tests.integration.deployment import PARTITIONS, Broker, Deployment, create_topics, deploy, free_port
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent
from tests.integration.traffic import BEGIN, wire


def wait_until_it_misses(worker: WorkerProcess, *words: str) -> str:
    """Until /readyz gives a reason with all these words; returns the reason."""

    def reasons() -> list[str]:
        return [each for each in worker.missing() if all(word in each for word in words)]

    worker.wait_for(reasons, 30, f"complaining of {words}")
    assert worker.get("/readyz")[0] == 503
    assert worker.get("/healthz")[0] == 200
    return reasons()[0]


def two_inputs(kafka: Broker, directory: Path, test: str) -> Deployment:
    return deploy(kafka, directory, test, topics={"inputs": ["web", "email"]})


def test_without_brokers_it_lives_and_says_so(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    nowhere = Broker(f"127.0.0.1:{free_port()}", real=True)
    with WorkerProcess(two_inputs(nowhere, tmp_path, request.node.name)) as worker:
        worker.start()
        wait_until_it_misses(worker, "brokers:", nowhere.bootstrap, "check kafka.bootstrap")
        assert worker.metric("leadpulse_ready") == 0
        assert worker.stop() < 15


@pytest.mark.kafka
def test_a_missing_topic_is_named_and_waited_for(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = two_inputs(real_kafka, tmp_path, request.node.name)
    names = deployment.names
    deployment.create_topics(without="email")
    with WorkerProcess(deployment) as worker:
        worker.start()
        wait_until_it_misses(worker, names.input("email"), "create it")

        create_topics(real_kafka, [names.input("email")], PARTITIONS)
        worker.wait_ready()
        inputs = Input(real_kafka)
        event = {"id": "e", "lead": "lead-1", "time": BEGIN + DAY, "type": "email", "name": "email_click",
                 "path": "", "properties": {}}  # fmt: skip
        inputs.send([Sent(names.input("email"), b"lead-1", wire(event), BEGIN + DAY)])
        worker.wait_until_scored(inputs.ends)
        worker.stop()


@pytest.mark.kafka
def test_topics_with_different_numbers_of_partitions_are_refused(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = two_inputs(real_kafka, tmp_path, request.node.name)
    names = deployment.names
    deployment.create_topics(without="email")
    create_topics(real_kafka, [names.input("email")], 2)
    with WorkerProcess(deployment) as worker:
        worker.start()
        told = wait_until_it_misses(worker, "the same number of partitions")
        assert f"{names.input('web')} has {PARTITIONS}" in told
        assert f"{names.input('email')} has 2" in told
        worker.stop()


@pytest.mark.kafka
def test_partitions_added_to_every_topic_are_refused_at_the_next_start(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["email"]})
    deployment.create_topics()
    topic = deployment.names.input("email")
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        inputs = Input(real_kafka)
        event = {"id": "e", "lead": "lead-1", "time": BEGIN + DAY, "type": "email", "name": "email_click",
                 "path": "", "properties": {}}  # fmt: skip
        inputs.send([Sent(topic, b"lead-1", wire(event), BEGIN + DAY)])
        worker.wait_until_scored(inputs.ends)
        worker.stop()

        admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
        wanted = [NewPartitions(name, PARTITIONS + 2) for name in (topic, deployment.names.changelog)]
        for done in admin.create_partitions(wanted).values():
            done.result(timeout=20)
        worker.start()
        wait_until_it_misses(worker, f"made for {PARTITIONS} partitions", "another prefix")
        worker.stop()


@pytest.mark.kafka
def test_a_changelog_that_would_forget_state_is_refused(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = two_inputs(real_kafka, tmp_path, request.node.name)
    names = deployment.names
    create_topics(real_kafka, [names.input("web"), names.input("email"), *names.outputs], PARTITIONS)
    with WorkerProcess(deployment) as worker:
        worker.start()
        wait_until_it_misses(worker, names.changelog, "compact")
        worker.stop()
