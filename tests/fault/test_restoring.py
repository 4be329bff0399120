"""Restoring that is interrupted, killed, or meets a changelog that is not the one it was."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from stream.runtime import restore
from stream.runtime.metrics import Metrics
from stream.runtime.restore import Restorer
from stream.runtime.store import Marker, Store
from tests.fault.restoring import MANY, Restoring, SlowReader, produce
from tests.integration.deployment import Broker, Deployment, deploy

ROWS = 100


class ForgetfulEnds(Consumer):
    """The client's own consumer, which is told first of an end that is gone by then, and then of nothing."""

    answered: ClassVar[int]

    def offsets_for_times(self, partitions: list[TopicPartition], *others: Any, **options: Any) -> Any:
        type(self).answered += 1
        if self.answered == 3:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        found = super().offsets_for_times(partitions, *others, **options)
        for each in found if self.answered == 2 else []:
            each.offset = each.offset if each.partition else ROWS * 10
        return found


def test_a_partition_whose_place_is_gone_is_read_anew_and_the_others_lose_nothing(
    mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(mock_kafka, tmp_path, request.node.name)
    deployment.create_topics()
    topic = deployment.names.changelog
    producer = Producer({"bootstrap.servers": mock_kafka.bootstrap})
    for partition in (0, 1):
        for number in range(ROWS):
            producer.produce(topic, b"row", b"lead %d" % number, partition=partition)
    assert producer.flush(20) == 0
    monkeypatch.setattr(ForgetfulEnds, "answered", 0, raising=False)
    monkeypatch.setattr(restore, "Consumer", ForgetfulEnds)

    store = Store(tmp_path / "store")
    store.write({0: ({b"of before": b"row"}, Marker(ROWS * 5, None, None))})  # an offset that the topic does not have
    restorer = Restorer(deployment.settings, topic, store, Metrics())
    finished: dict[int, Marker] = {}
    missed = 0
    assert restorer.begin({0, 1}, []) == {0, 1}
    for _ in range(400):
        try:
            restorer.step(finished.__setitem__)
        except KafkaException:
            missed += 1
        if len(finished) == 2:
            break
    restorer.close()

    assert missed == 1
    assert {partition: marker.offset for partition, marker in finished.items()} == {0: ROWS, 1: ROWS}
    for partition in (0, 1):
        assert dict(store.all_rows(partition)) == {b"lead %d" % number: b"row" for number in range(ROWS)}
    store.close()


@pytest.fixture
def deployment(mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Deployment:
    found = deploy(mock_kafka, tmp_path, request.node.name[:60])
    found.create_topics()
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.close()


def test_a_partition_taken_away_half_way_is_gone_on_with_and_tells_how_far_it_is(
    deployment: Deployment, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: dict[bytes, bytes | None] = {b"lead %d" % number: b"row %d" % number for number in range(MANY)}
    for partition in (0, 1):
        produce(deployment, rows, partition)
    monkeypatch.setattr(restore, "Consumer", SlowReader)
    restoring = Restoring(deployment, store)
    restoring.begin(0, 1)
    half = None
    while half is None:
        restoring.step()
        half = next((each for each, done in restoring.restorer.percents().items() if 0 < done < 100), None)
    marker = store.marker(half)
    assert marker is not None
    assert restoring.remaining(half) == MANY - marker.offset
    restoring.restorer.cancel(half)
    assert restoring.remaining(half) is None
    assert half not in restoring.restorer.percents()

    for _ in range(3):
        restoring.step()
    assert store.marker(half) == marker
    assert len(list(store.all_rows(half))) == marker.offset
    restoring.begin(half)
    restoring.finish(0, 1)
    restoring.restorer.close()
    assert restoring.read() == 2 * MANY
    assert restoring.restorer.percents() == {}
    for partition in (0, 1):
        assert dict(store.all_rows(partition)) == rows


def test_rows_that_the_changelog_removes_are_gone_from_a_new_store_and_from_an_old_one(
    deployment: Deployment, store: Store, tmp_path: Path
) -> None:
    before: dict[bytes, bytes | None] = {b"lead %d" % number: b"row" for number in range(ROWS)}
    produce(deployment, before)
    old = Restoring(deployment, store)
    old.begin(0)
    old.finish(0)
    assert len(list(store.all_rows(0))) == ROWS

    produce(deployment, {b"lead %d" % number: None for number in range(0, ROWS, 2)} | {b"lead 4": b"back"})
    kept = {b"lead %d" % number: b"row" for number in range(1, ROWS, 2)} | {b"lead 4": b"back"}
    old.begin(0)
    old.finished.clear()
    old.finish(0)
    old.restorer.close()
    assert dict(store.all_rows(0)) == kept

    lost = Store(tmp_path / "a new disk")
    new = Restoring(deployment, lost)
    new.begin(0)
    new.finish(0)
    new.restorer.close()
    assert dict(lost.all_rows(0)) == kept
    lost.close()


@pytest.mark.parametrize(("hours", "anew"), [(19, False), (21, True)])
def test_rows_from_before_removals_may_have_been_compacted_away_are_read_anew(
    deployment: Deployment, store: Store, monkeypatch: pytest.MonkeyPatch, hours: int, anew: bool
) -> None:
    produce(deployment, {b"lead %d" % number: b"row" for number in range(ROWS)})
    with monkeypatch.context() as patched:
        then = time.time() - hours * 3600
        patched.setattr("stream.runtime.store.time.time", lambda: then)
        # Its removal was compacted away since: nothing in the changelog tells of it any more.
        store.write({0: ({b"forgotten": b"row"}, Marker(ROWS // 2, None, None))})
    restoring = Restoring(deployment, store)
    restoring.begin(0)
    restoring.finish(0)
    restoring.restorer.close()
    assert restoring.read() == (ROWS if anew else ROWS / 2)
    assert (store.rows(0, [b"forgotten"]) == [None]) == anew


def test_old_rows_that_lack_nothing_stay(deployment: Deployment, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    produce(deployment, {b"lead": b"row"})
    with monkeypatch.context() as patched:
        patched.setattr("stream.runtime.store.time.time", lambda: 0.0)
        store.write({0: ({b"lead": b"row"}, Marker(1, None, None))})
    restoring = Restoring(deployment, store)
    restoring.begin(0)
    restoring.finish(0)
    restoring.restorer.close()
    assert restoring.read() == 0
    assert store.rows(0, [b"lead"]) == [b"row"]


RESTORE = """
import sys
from pathlib import Path
from schemas.load import load_settings
from stream.runtime.metrics import Metrics
from stream.runtime import restore
from stream.runtime.restore import Restorer
from stream.runtime.store import Store

restore.STEP_SECONDS = 0.001  # a poll at a time
restore.BATCH = 100
settings, topic, directory = load_settings(Path(sys.argv[1]), {}), sys.argv[2], Path(sys.argv[3])
restorer = Restorer(settings, topic, store := Store(directory, memory=1024 * 1024), Metrics())
restorer.begin([0], [])
while True:
    restorer.step(lambda partition, marker: None)
    print(restorer.percents().get(0, 100), flush=True)
"""


def test_a_restore_that_is_killed_goes_on_from_what_had_reached_the_disk(
    deployment: Deployment, tmp_path: Path
) -> None:
    rows: dict[bytes, bytes | None] = {b"lead %d" % number: b"%0400d" % number for number in range(MANY)}
    produce(deployment, rows)
    command = [sys.executable, "-c", RESTORE, str(deployment.config("worker-0")), deployment.names.changelog]
    with subprocess.Popen([*command, str(tmp_path / "store")], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        while int(killed.stdout.readline()) < 50:
            pass
        killed.kill()

    store = Store(tmp_path / "store")
    assert store.rebuilt is None
    marker = store.marker(0)
    assert marker is not None and 0 < marker.offset < len(rows)
    assert dict(store.all_rows(0)) == {lead: rows[lead] for lead in list(rows)[: marker.offset]}
    restoring = Restoring(deployment, store)
    restoring.begin(0)
    restoring.finish(0)
    restoring.restorer.close()
    assert restoring.read() == len(rows) - marker.offset
    assert dict(store.all_rows(0)) == rows
    store.close()
