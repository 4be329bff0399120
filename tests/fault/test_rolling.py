"""Three workers restarted one after the other: partitions that stay where they are hardly notice."""

import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream.models.rules import rules_model
from stream.runtime import partition_row
from tests.faults.load import Load, good
from tests.integration.deployment import Broker, Deployment, deploy, few_features
from tests.integration.expectation import (
    assert_latest_is_last,
    assert_no_id_twice,
    assert_state_equals,
    expect,
    in_offset_order,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Reader
from tests.integration.traffic import traffic

PARTITIONS = 6
LONGEST_PAUSE = 3.0


class Commits:
    """When each partition's commits became visible, followed in a thread of its own."""

    def __init__(self, deployment: Deployment) -> None:
        self.times: dict[int, list[float]] = {partition: [] for partition in range(PARTITIONS)}
        self._reader = Reader(deployment.broker, deployment.names.changelog)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        while not self._done.is_set():
            for record in self._reader.read(0.05):
                if record.key == partition_row.KEY:
                    self.times[record.partition].append(time.monotonic())
        self._reader.close()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def longest_pause(self, partition: int, begin: float, end: float) -> float:
        """Within this span, which had events of the partition all along."""
        seen = [begin, *(each for each in self.times[partition] if begin < each < end), end]
        return max(after - before for before, after in pairwise(seen))


def owned(worker: WorkerProcess) -> set[int]:
    """The partitions that a worker fetches."""
    return {
        int(sample.labels["partition"])
        for family in text_string_to_metric_families(worker.get("/metrics")[1])
        for sample in family.samples
        if sample.name == "leadpulse_lag_records"
    }


def shared(workers: list[WorkerProcess]) -> bool:
    """Whether each has as many partitions as the next, and fetches them."""
    return all(len(owned(worker)) == PARTITIONS / len(workers) for worker in workers)


@pytest.mark.kafka
@pytest.mark.nightly
@pytest.mark.parametrize("kafka", [{}], ids=["cooperative-sticky"])
def test_a_rolling_restart_stops_no_partition_that_does_not_move(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, kafka: dict[str, Any]
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]}, features=few_features())
    deployment.plain["kafka"].update(kafka)
    deployment.create_topics(partitions=PARTITIONS)
    arrivals = traffic(seed=31, leads=2_000, events=30_000)
    inputs = Input(real_kafka)
    pauses: dict[str, float] = {}

    names = ["worker-0", "worker-1", "worker-2"]
    with (
        WorkerProcess(deployment, names[0]) as first,
        WorkerProcess(deployment, names[1]) as second,
        WorkerProcess(deployment, names[2]) as third,
    ):
        workers = [first, second, third]
        for worker in workers:
            worker.start_ready()
        load = Load(inputs, good(deployment.names.input("web"), arrivals), 250)
        commits = Commits(deployment)
        try:
            first.wait_for(lambda: shared(workers) and all(commits.times.values()), 60, "sharing the work")
            for restarted in workers:
                others = [worker for worker in workers if worker is not restarted]
                before = {worker: owned(worker) for worker in others}
                began = time.monotonic()
                restarted.stop()
                restarted.start_ready()
                others[0].wait_for(lambda: shared(workers), 60, "sharing again")
                for worker in others:
                    for partition in before[worker] & owned(worker):
                        pause = commits.longest_pause(partition, began, time.monotonic())
                        pauses[f"{restarted.log_file.stem} restarted, partition {partition}"] = pause
            assert load.running, "the load ended before the last restart: nothing was measured"
            load.finish()
            first.wait_until_scored(inputs.ends)
        finally:
            commits.close()
        for worker in workers:
            worker.stop()

    assert len(pauses) >= 3
    assert max(pauses.values()) < LONGEST_PAUSE, pauses
    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order(
        [(arrival.event, each.trigger) for arrival, each in zip(arrivals, load.delivered, strict=True)]
    )
    expected = expect(deployment, log, lambda _: rules)
    emissions = read_emissions(deployment)
    assert_no_id_twice(deployment)
    assert emissions == expected.emissions
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
