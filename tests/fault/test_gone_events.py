"""Input events that are gone before they were read: the worker stops and says so, or goes on where it was told to."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.times import DAY, MINUTE
from stream.core.partitioner import partition_of
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
@pytest.mark.parametrize("records", [5, 25], ids=["with less than before", "with more than before"])
def test_a_topic_made_anew_stops_the_worker_unless_it_is_told_to_go_on(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, records: int
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
        Input(real_kafka).send(clicks(stops, int(DAY / MINUTE), records))
        worker.start()
        assert worker.wait_ended() == 1
        assert "set topics.missing_events to skip" in worker.log_file.read_text()

    plain = stops.plain | {"topics": stops.plain["topics"] | {"missing_events": "skip"}}
    with WorkerProcess(replace(stops, plain=plain), "worker-1") as worker:
        worker.start_ready()
        worker.wait_for(lambda: worker.metric("leadpulse_events_total", verdict="counted") == records, 30, "going on")
        worker.stop()
        worker.start_ready()  # from where it stopped, not from the beginning and not from the topic of before
        assert worker.metric("leadpulse_records_total") == 0
        worker.stop()
    assert read_all(real_kafka, stops.names.dead_letters) == []


def test_a_quiet_topic_whose_transactions_were_all_deleted_has_lost_nothing(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["email"]})
    deployment.create_topics()
    topic, lead = deployment.names.input("email"), b"lead-1"
    place = TopicPartition(topic, partition_of(lead, PARTITIONS))
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        transactions = Producer(
            {"bootstrap.servers": real_kafka.bootstrap, "transactional.id": deployment.names.prefix}
        )
        transactions.init_transactions(20)
        for commits, first in ((True, 0), (False, 20), (True, 40), (False, 60)):
            transactions.begin_transaction()
            for record in clicks(deployment, first, 20):
                transactions.produce(topic, record.value, lead, place.partition, timestamp=record.timestamp)
            transactions.flush(20)
            (transactions.commit_transaction if commits else transactions.abort_transaction)(20)
        worker.wait_for(lambda: worker.metric("leadpulse_events_total", verdict="counted") == 40, 30, "done")
        end = 4 * (20 + 1)
        worker.wait_until_scored({(topic, place.partition): end}, 30)
        worker.wait_for(lambda: worker.metric("leadpulse_lag_records") == 0, 5, "without a lag")
        worker.stop()

        admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
        deleted = admin.delete_records([TopicPartition(topic, place.partition, end)])
        assert next(iter(deleted.values())).result(timeout=20).low_watermark == end
        worker.start_ready()
        inputs = Input(real_kafka)
        inputs.send(clicks(deployment, 100, 5))
        worker.wait_until_scored(inputs.ends)
        assert worker.metric("leadpulse_events_total", verdict="counted") == 5
        worker.stop()
