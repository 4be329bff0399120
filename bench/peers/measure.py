"""One peer on the bench's broker: first whether it does the job right, then how fast."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.cores import ENGINE, cpu_seconds, memory_mb
from bench.engines import Engine, Job, Running
from bench.oracle import Change, differences
from bench.progress import Progress
from bench.site import PARTITIONS, create_topics
from bench.throughput import SAMPLE_SECONDS, Sample, Throughput, summary

KEPT: Final = {"message.timestamp.before.max.ms": str(2**63 - 1), "retention.ms": "-1"}
"""Of topics whose records carry the time of what they tell: the broker would delete a simulated past by its age."""
WARM_UP_RECORDS: Final = 20_000
WARM_UP_SECONDS: Final = 15.0
"""From the first record that is done with: by then Java has compiled what is hot."""
WINDOWS: Final = 3
_START_SECONDS: Final = 240.0
_QUIET_SECONDS: Final = 5.0


class PeerStuckError(RuntimeError):
    """It stands still before it has done what was to be seen."""


@dataclass(frozen=True)
class Bench:
    """What the peers share. verified, backlog: topics that are filled, and with how many records."""

    bootstrap: str
    directory: Path
    model: Path
    job: Path
    verified: tuple[str, int]
    backlog: tuple[str, int]
    wanted: Sequence[Change]
    progress: Progress

    def job_of(self, engine: Engine, topic: str) -> Job:
        """A run of the engine on a topic, with an output topic and a directory of its own."""
        name = f"{engine.name}-{topic}".replace("_", "-")
        output = f"{name}.changes"
        create_topics(self.bootstrap, {output: (PARTITIONS, KEPT)})
        directory = self.directory / name
        directory.mkdir(parents=True)
        return Job(self.bootstrap, topic, output, PARTITIONS, name, self.model, self.job, directory, ENGINE)

    def remove_topics_of(self, job: Job) -> None:
        """The output and what the engine made for itself, so that the next one finds a quiet broker."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        own = [topic for topic in admin.list_topics(timeout=30).topics if job.name in topic]
        for done in admin.delete_topics(own).values():
            done.result(timeout=60)


def examine(engine: Engine, bench: Bench, seconds: float) -> dict[str, Any]:
    """The engine's entry in `peers` of build/bench.json."""
    wrong = verify(engine, bench)
    throughput, peak = race(engine, bench, seconds)
    rate = throughput.events_per_second.median
    bench.progress.result(
        f"{engine.name}: {rate:,.0f} events/s, {throughput.cpu_us_per_event.median:.0f} us CPU an event, "
        f"{'right' if not wrong else '; '.join(wrong)}"
    )
    return {
        "events_per_second_per_core": rate,
        "version": engine.version,
        "verified": not wrong,
        "wrong": wrong,
        "guarantee": engine.guarantee,
        "peak_mb": round(peak),
        **throughput.content(),
    }


def verify(engine: Engine, bench: Bench) -> list[str]:
    """What is wrong with its changes on the log that the oracle has been through."""
    topic, size = bench.verified
    bench.progress.step(f"{engine.name}: {size:,} events for the oracle")
    job = bench.job_of(engine, topic)
    running = engine.start(job)
    try:
        _wait_until(running, size, bench.progress)
        found = _changes(job)
    finally:
        running.stop()
        bench.remove_topics_of(job)
    return differences(bench.wanted, found)


def race(engine: Engine, bench: Bench, seconds: float) -> tuple[Throughput, float]:
    """Its rate over the backlog after it is warm, and its peak memory in MiB."""
    topic, size = bench.backlog
    bench.progress.step(f"{engine.name}: the backlog")
    job = bench.job_of(engine, topic)
    running = engine.start(job)
    try:
        _wait_until(running, 1, bench.progress)
        time.sleep(WARM_UP_SECONDS)
        _wait_until(running, WARM_UP_RECORDS, bench.progress)
        throughput = summary(between_commits(_sampled(running, size, seconds, bench.progress)), WINDOWS)
        return throughput, memory_mb(running.processes())[1]
    finally:
        running.stop()
        bench.remove_topics_of(job)


def _sampled(running: Running, size: int, seconds: float, progress: Progress) -> list[Sample]:
    began = time.monotonic()
    samples: list[Sample] = []
    while not samples or (samples[-1].processed < size and samples[-1].time - began < seconds):
        samples.append(Sample(time.monotonic(), running.processed(), cpu_seconds(running.processes())))
        progress.count(int(samples[-1].processed), size)
        time.sleep(SAMPLE_SECONDS)
    return samples


def between_commits(samples: Sequence[Sample]) -> list[Sample]:
    """From just after one commit to just after another: else an engine that commits every five seconds would be given
    the time since its last commit without the events of it.
    """
    commits = [place for place in range(1, len(samples)) if samples[place].processed > samples[place - 1].processed]
    if len(commits) < 3:
        raise PeerStuckError(f"it committed {len(commits)} times in all the time it was watched: give it more")
    # `summary` leaves the last sample out.
    return [*samples[commits[0] : commits[-1] + 1], samples[commits[-1]]]


def _wait_until(running: Running, records: int, progress: Progress) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while (done := running.processed()) < records:
        progress.count(done, records)
        if time.monotonic() > deadline:
            raise PeerStuckError(f"it has done {done:,} records of {records:,} after {_START_SECONDS:g} s")
        time.sleep(SAMPLE_SECONDS)


def _changes(job: Job) -> list[Change]:
    """What subscribers see, once nothing more comes."""
    consumer = Consumer({"bootstrap.servers": job.bootstrap, "group.id": "bench", "isolation.level": "read_committed"})
    found = []
    try:
        consumer.assign([TopicPartition(job.output, partition, 0) for partition in range(job.partitions)])
        while message := consumer.poll(_QUIET_SECONDS):
            if message.error() is None:
                said = json.loads(message.value() or b"")
                found.append(Change(said["lead"], said["sequence"], said["as_of"], said["log_odds"], said["tier"]))
    finally:
        consumer.close()
    return found
