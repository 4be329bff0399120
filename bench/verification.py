"""Leadpulse's own outputs on the verified log, against the oracle's."""

import time
from collections.abc import Iterable
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from bench.generator import calls
from bench.oracle import Change, differences
from bench.progress import Progress
from bench.reference import VERIFIED
from bench.site import OUTPUT_PARTITIONS, Site, fill
from bench.worker import Worker
from schemas.records import ScoreChange
from schemas.times import parse_time

_SECONDS: Final = 180.0


def verify(site: Site, progress: Progress) -> list[str]:
    """What is wrong with a worker's score changes, in sentences; nothing where they are the oracle's."""
    progress.step(f"{VERIFIED.events:,} events against the oracle")
    log = list(calls(VERIFIED))
    site.create(whole=True)
    fill(site.bootstrap, site.input, iter(log))
    with Worker(site) as worker:
        worker.wait_ready()
        worker.wait_for(lambda: worker.processed() >= len(log), _SECONDS, "done with the verified log")
    found = [change_of(value) for value in read_topic(site.bootstrap, site.changes, OUTPUT_PARTITIONS)]
    wanted = site.reference.expected([call.value for call in log])
    wrong = differences(wanted, found)
    progress.result(
        f"verified: {len(wanted):,} score changes as expected" if not wrong else f"WRONG: {'; '.join(wrong)}"
    )
    site.remove()
    return wrong


def read_topic(bootstrap: str, topic: str, partitions: int, seconds: float = 60.0) -> Iterable[bytes]:
    """The values of all committed records of a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-verification",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    values = []
    unread = set(range(partitions))
    deadline = time.monotonic() + seconds
    while unread and time.monotonic() < deadline:
        for message in consumer.consume(10_000, 0.5):
            error = message.error()
            if error is None:
                values.append(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition() or 0)
            else:
                raise KafkaException(error)
    consumer.close()
    if unread:
        raise TimeoutError(f"{topic} has no end: a transaction is open")
    return values


def change_of(value: bytes) -> Change:
    """The score change that a record of Leadpulse tells."""
    record = ScoreChange.model_validate_json(value)
    score = record.scores["conversion"]
    return Change(record.lead, record.sequence, parse_time(record.as_of), score.log_odds, score.tier)
