"""Rows of a long restore are merged when it is over, also where it was given up."""

import time
from pathlib import Path

import pytest

from stream.runtime import restore
from stream.runtime.store import MERGED_FROM, Marker, Store
from tests.fault.restoring import MANY, Restoring, SlowReader, produce
from tests.integration.deployment import Broker, deploy


@pytest.mark.parametrize("given_up", [False, True], ids=["over", "given up"])
def test_tables_of_a_long_restore_wait_to_be_merged_until_it_is_over(
    mock_kafka: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_up: bool
) -> None:
    deployment = deploy(mock_kafka, tmp_path, f"long restore {given_up}")
    deployment.create_topics()
    rows: dict[bytes, bytes | None] = {b"lead %d" % number: b"%0400d" % number for number in range(MANY)}
    produce(deployment, rows)
    monkeypatch.setattr(restore, "MANY", 100)
    monkeypatch.setattr(restore, "Consumer", SlowReader)
    store = Store(tmp_path / "small", memory=1024 * 1024)
    restoring = Restoring(deployment, store)
    restoring.begin(0)
    most = 0
    while restoring.restorer.percents().get(0, 100) < 90:
        restoring.step()
        most = max(most, tables(tmp_path / "small"))
    if given_up:
        restoring.restorer.cancel(0)
    else:
        restoring.finish(0)
    restoring.restorer.close()
    assert most > MERGED_FROM
    wait_until_merged(tmp_path / "small")
    store.close()


def test_a_worker_that_ended_in_the_middle_of_a_long_restore_merges_as_usual_after_its_start(tmp_path: Path) -> None:
    store = Store(tmp_path / "small", memory=1024 * 1024)
    store.merge(late=True)
    store.close()
    again = Store(tmp_path / "small", memory=1024 * 1024)
    for number in range(0, MANY, 100):
        rows: dict[bytes, bytes | None] = {b"lead %d" % lead: b"%0400d" % lead for lead in range(number, number + 100)}
        again.write({0: (rows, Marker(number, None, None))})
    wait_until_merged(tmp_path / "small")
    again.close()


def wait_until_merged(directory: Path) -> None:
    deadline = time.monotonic() + 20
    while tables(directory) > MERGED_FROM:
        assert time.monotonic() < deadline, "they are not merged"
        time.sleep(0.05)


def tables(directory: Path) -> int:
    """Files with rows in them."""
    return len(list((directory / "rows").glob("*.sst")))
