"""Input events that are gone before they were read: the worker stops and says so, or goes on where it was told to."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from schemas.times import DAY, MINUTE
from tests.integration.deployment import PARTITIONS, Broker, Deployment, create_topics, deploy
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent, read_all
from tests.integration.traffic import BEGIN, wire

pytestmark = pytest.mark.kafka


def clicks(deployment: Deployment, first: int, number: int) -> list[Sent]:
    """Of one lead, a minute apart."""
    return [
        Sent(
            deployment.names.input("email"),
            b"lead-1",
            wire({"id": f"e{each}", "lead": "lead-1", "time": BEGIN + each * MINUTE, "type": "email",
                  "name": "email_click", "path": "", "properties": {}}),
            BEGIN + each * MINUTE,
        )
        for each in range(first, first + number)
    ]  # fmt: skip


def make_anew(broker: Broker, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.delete_topics([topic])[topic].result(timeout=20)
    deadline = time.monotonic() + 20
    while topic in admin.list_topics(timeout=5).topics:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    create_topics(broker, [topic], PARTITIONS)


@pytest.mark.nightly
def test_a_topic_made_anew_stops_the_worker_unless_it_is_told_to_go_on(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stops = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["email"]})
    stops.create_topics()
    topic = stops.names.input("email")
    with WorkerProcess(stops) as worker:
        worker.start_ready()
        before = Input(real_kafka)
        before.send(clicks(stops, 0, 20))
        worker.wait_until_scored(before.ends)
        worker.stop()

        make_anew(real_kafka, topic)
        Input(real_kafka).send(clicks(stops, int(DAY / MINUTE), 5))
        worker.start()
        assert worker.wait_ended() == 1
        assert "set topics.missing_events to skip" in worker.log_file.read_text()

    plain = stops.plain | {"topics": stops.plain["topics"] | {"missing_events": "skip"}}
    with WorkerProcess(replace(stops, plain=plain), "worker-1") as worker:
        worker.start_ready()
        worker.wait_for(lambda: worker.metric("leadpulse_events_total", verdict="counted") == 5, 30, "going on")
        worker.stop()
        worker.start_ready()  # from where it stopped, not from the beginning and not from the topic of before
        assert worker.metric("leadpulse_records_total") == 0
        worker.stop()
    assert read_all(real_kafka, stops.names.dead_letters) == []
