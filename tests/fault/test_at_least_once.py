"""`guarantee: at_least_once`: after a crash outputs may come again, each with its own id, and nothing is lost."""

import random
import time
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException

from stream.models.rules import rules_model
from stream.runtime import at_least_once
from stream.runtime.at_least_once import AtLeastOnce
from stream.runtime.connection import connection
from stream.runtime.epoch import Epoch
from stream.runtime.outcomes import Aborted, Broken
from stream.runtime.store import Store
from tests.brokers.local_kafka import LocalKafka
from tests.faults.load import Delivered, Load, good
from tests.integration.deployment import Broker, Deployment, deploy, few_features
from tests.integration.expectation import (
    assert_latest_is_last,
    assert_state_equals,
    expect,
    in_offset_order,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Record, read_all
from tests.integration.traffic import traffic

RATE = 2_000
ROUND = 5_000
KILLS = 4


def once(broker: Broker, topic: str) -> list[Record]:
    """A topic as a reader has it that keeps the first record of each id. What repeats one must repeat all of it."""
    first: dict[bytes, Record] = {}
    for record in read_all(broker, topic):
        known = first.setdefault(dict(record.headers)["ce_id"], record)
        assert (known.key, known.value, known.headers) == (record.key, record.value, record.headers)
    return list(first.values())


def repeated(deployment: Deployment) -> int:
    """How many records came again."""
    names, broker = deployment.names, deployment.broker
    topics = (names.changes, names.latest, names.alerts, names.dead_letters)
    return sum(len(read_all(broker, topic)) - len(once(broker, topic)) for topic in topics)


@pytest.mark.kafka
@pytest.mark.nightly  # `make faults FAULTS="--guarantee at_least_once"` plays it, too
def test_kills_under_load_lose_nothing_and_repeat_only_what_has_the_same_id(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(
        real_kafka,
        tmp_path,
        request.node.name,
        guarantee="at_least_once",
        topics={"inputs": ["web"]},
        features=few_features(),
    )
    deployment.create_topics()
    moments = random.Random(17)
    arrivals = traffic(seed=18, leads=2_000, events=(KILLS + 1) * ROUND)
    records = good(deployment.names.input("web"), arrivals)
    inputs = Input(real_kafka)
    delivered: list[Delivered] = []

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        for kill in range(KILLS):
            load = Load(inputs, records[kill * ROUND : (kill + 1) * ROUND], RATE)
            worker.wait_for(lambda: worker.metric("leadpulse_records_total") > 0, 30, "at work")
            time.sleep(moments.uniform(0, 1.5))
            worker.kill()
            if kill == 1:
                worker.lose_disk()
            worker.start_ready()
            load.finish()
            delivered += load.delivered
        load = Load(inputs, records[KILLS * ROUND :], RATE)
        load.finish()
        delivered += load.delivered
        worker.wait_until_scored(inputs.ends)
        worker.stop()

    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order([(arrival.event, each.trigger) for arrival, each in zip(arrivals, delivered, strict=True)])
    expected = expect(deployment, log, lambda _: rules)
    emissions = read_emissions(deployment, once)
    print(f"{repeated(deployment)} records came again")
    assert emissions == expected.emissions
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
    for story in emissions.values():
        assert [each.sequence for each in story] == list(range(1, len(story) + 1))


@pytest.mark.kafka
@pytest.mark.filterwarnings("ignore:list_groups:DeprecationWarning")
def test_a_group_that_could_not_be_asked_while_the_brokers_were_away_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_least_once, "PATIENCE_SECONDS", 3.0)
    with LocalKafka() as kafka, closing(Store(tmp_path / "store")) as store:
        deployment = deploy(Broker(kafka.bootstrap, real=True), tmp_path, "asked again", guarantee="at_least_once")
        deployment.create_topics()
        consumer = Consumer(connection(deployment.settings.kafka) | {"group.id": deployment.settings.application})
        consumer.subscribe([deployment.names.input("web")])
        delivery = AtLeastOnce(deployment.settings, store)
        commit_patiently(delivery, consumer)
        time.sleep(deployment.settings.kafka.session_timeout_ms / 3_000)  # what the group said holds no longer
        kafka.kill()
        with pytest.raises(Broken, match=r"check kafka\.bootstrap"):
            delivery.commit(Epoch(), delivery.group_of(consumer))
        kafka.start()
        commit_patiently(delivery, consumer)
        consumer.close()


def commit_patiently(delivery: AtLeastOnce, consumer: Consumer) -> None:
    """Once the consumer is in its group."""
    deadline = time.monotonic() + 40
    while True:
        consumer.poll(0.2)
        try:
            delivery.open()
            delivery.commit(Epoch(), delivery.group_of(consumer))
        except (Aborted, Broken, KafkaException):
            assert time.monotonic() < deadline, "the group does not answer"
        else:
            return
