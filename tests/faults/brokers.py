"""Rows 3 and 4: brokers that die under the worker, and brokers that are not there yet."""

import time
from contextlib import closing
from typing import Final

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from stream.runtime import partition_row
from tests.brokers.local_kafka import LocalKafka
from tests.faults.load import Delivered, good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.deployment import PARTITIONS, Broker
from tests.integration.topics import read_as_it_is
from tests.integration.traffic import traffic
from tests.oracle.decisions import Trigger

RATE: Final = 1_000


def killed(given: Conditions) -> Played:
    """SIGKILL of the only broker: for a while under load, then twice while a transaction is being committed."""
    with LocalKafka() as kafka, Stage(given, "broker killed", broker=Broker(kafka.bootstrap, real=True)) as stage:
        worker = stage.worker()
        worker.start_ready()
        seconds = given.choose(60, 30)
        rate = given.choose(RATE, RATE // 2)
        arrivals = traffic(seed=3, leads=seconds * 100, events=seconds * rate)
        load = stage.load(good(stage.topic, arrivals), rate)
        stage.sleep(3)
        away = time.monotonic()
        kafka.kill()
        stage.sleep(given.choose(30, 8))
        unready = stage.watch.lowest("leadpulse_ready", since=away)
        stage.findings.require(worker.get("/healthz")[0] == 200, "it does not say that it lives")
        stage.findings.require(worker.missing() != [], "it does not say what is missing")
        kafka.start()
        stage.recover(worker)
        longest = stage.recovered_seconds or 0.0
        for _ in range(given.choose(2, 1)):
            stage.sleep(2)
            _wait_for_open_commit(stage)
            kafka.kill()
            stage.sleep(given.choose(3, 1))
            kafka.start()
            stage.recover(worker)
            longest = max(longest, stage.recovered_seconds or 0.0)
        stage.recovered_seconds = longest
        load.halt()
        stage.settle(worker)
        stage.shows("leadpulse_ready", unready, unready == 0)
        if not given.short:  # away for longer than a transaction may last
            failed = sum(stage.watch.grown("leadpulse_epochs_total", result=each) for each in ("aborted", "broken"))
            stage.shows("leadpulse_epochs_total aborted or broken", failed, failed > 0)
        twice = _written_twice(stage)
        stage.findings.note(f"{len(twice)} input records written twice by their own producer")
        stage.delivered += twice
        return stage.played()


def _written_twice(stage: Stage) -> list[Delivered]:
    """Copies that no delivery report told of: where a broker ends at the wrong moment, the client that sends the load
    may write a batch again, and then knows of the second time alone.
    """
    every = stage.everything()
    told = {each.trigger for each in every}
    by_bytes = {(each.injected.record.key, each.injected.record.value): each for each in every}
    records = read_as_it_is(stage.deployment.broker, stage.topic)
    lie = [(Trigger(*record[:3]), by_bytes[record.key, record.value]) for record in records]
    return [known._replace(trigger=trigger) for trigger, known in lie if trigger not in told]


def _wait_for_open_commit(stage: Stage) -> None:
    """Until a partition row of a transaction is in the changelog: its commit is between the steps 3 and 5."""
    consumer = Consumer(
        {
            "bootstrap.servers": stage.deployment.broker.bootstrap,
            "group.id": "tests",
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 10,
        }
    )
    changelog = stage.deployment.names.changelog
    consumer.assign([TopicPartition(changelog, number, OFFSET_END) for number in range(PARTITIONS)])
    deadline = time.monotonic() + 20
    try:
        while True:
            assert time.monotonic() < deadline, "nothing is committed"
            message = consumer.poll(0.5)
            if message is not None and message.error() is None and message.key() == partition_row.KEY:
                return
    finally:
        consumer.close()


def absent_at_start(given: Conditions) -> Played:
    """The worker comes first, then the broker, then the topics."""
    kafka = LocalKafka()
    stage = Stage(given, "broker absent", broker=Broker(kafka.bootstrap, real=True), partitions=None)
    with closing(kafka), stage:
        worker = stage.worker()
        worker.start()
        for words in (("brokers:", kafka.bootstrap, "check kafka.bootstrap"), ("does not exist", "create it")):
            stage.wait_for(lambda: all(word in " ".join(worker.missing()) for word in words), 60, f"saying {words}")  # noqa: B023
            stage.findings.require(worker.get("/readyz")[0] == 503, "it says that it is ready")
            stage.findings.require(worker.get("/healthz")[0] == 200, "it does not say that it lives")
            stage.sleep(given.choose(10, 2))
            if words[0] == "brokers:":
                kafka.start()
        ready = stage.watch.highest("leadpulse_ready")
        stage.deployment.create_topics()
        stage.connect()
        load = stage.load(good(stage.topic, traffic(seed=4, leads=2_000, events=given.choose(20_000, 5_000))), RATE)
        worker.wait_ready()
        stage.recover(worker)
        load.finish()
        stage.settle(worker)
        stage.shows("leadpulse_ready", ready, ready == 0)
        return stage.played()
