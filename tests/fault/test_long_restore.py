"""Rows of a long restore are merged when it is over, also where it was given up."""

import time
from pathlib import Path
from typing import Final

import pytest

from stream.runtime import restore
from stream.runtime.store import Store
from tests.fault.restoring import MANY, Restoring, SlowReader, produce
from tests.integration.deployment import Broker, deploy

MERGED_FROM: Final = 8
"""More tables of one size than these are merged, where nothing puts it off."""


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
    deadline = time.monotonic() + 20
    while tables(tmp_path / "small") > MERGED_FROM:
        assert time.monotonic() < deadline, "they are not merged"
        time.sleep(0.05)
    store.close()


def tables(directory: Path) -> int:
    """Files with rows in them."""
    return len(list((directory / "rows").glob("*.sst")))
