"""How long an epoch gathers: its length where there is room, more under a backlog, and never without an end."""

import time
from pathlib import Path
from typing import Any, cast

import pytest

from schemas.load import default_settings
from schemas.settings import Settings
from stream.runtime.at_least_once import AtLeastOnce
from stream.runtime.commit import Committer, Order
from stream.runtime.epoch import Epoch
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partitions
from stream.runtime.store import Store
from stream.runtime.transaction import Transactions

HOT_BYTES = 4 * 1024 * 1024


class Gathering:
    """A committer that nothing is committed with, so that of its delivery the kind is enough."""

    def __init__(self, directory: Path, delivery: type[Transactions | AtLeastOnce], length: int) -> None:
        content = default_settings()
        content["limits"] = content.get("limits", {}) | {"epoch": length}
        settings, metrics = Settings.model_validate(content), Metrics()
        self._full = delivery.poll_records
        partitions = Partitions(Store(directory, settings.limits.store_bytes), HOT_BYTES)
        self._committer = Committer(
            settings, cast(Any, delivery), partitions, Models(settings, metrics), metrics, list[Order]().append
        )

    def is_due(self, age_ms: float, *, full: bool) -> bool:
        epoch = Epoch(began=time.monotonic() - age_ms / 1000)
        epoch.share(0)
        return self.is_epoch_due(epoch, self._full if full else 1)

    def is_epoch_due(self, epoch: Epoch, taken: int) -> bool:
        self._committer.epoch = epoch
        return self._committer.due(taken)


@pytest.mark.parametrize(
    ("delivery", "length", "most"),
    [
        (Transactions, 25, 500),
        (Transactions, 100, 1_000),
        (Transactions, 5_000, 5_000),
        (AtLeastOnce, 25, 250),
        (AtLeastOnce, 200, 1_000),
    ],
)
def test_under_a_backlog_an_epoch_gathers_for_20_lengths_and_for_a_second_at_most_where_it_is_not_longer_itself(
    tmp_path: Path, delivery: type[Transactions | AtLeastOnce], length: int, most: float
) -> None:
    gathering = Gathering(tmp_path, delivery, length)
    assert not gathering.is_due(most / 2, full=True)
    assert gathering.is_due(most, full=True)


@pytest.mark.parametrize(("delivery", "length"), [(Transactions, 5_000), (AtLeastOnce, 10_000)])
def test_a_long_epoch_takes_many_polls_and_ends_with_the_one_that_is_nearest_to_its_length(
    tmp_path: Path, delivery: type[Transactions | AtLeastOnce], length: int
) -> None:
    gathering = Gathering(tmp_path, delivery, length)
    assert not gathering.is_due(2_500, full=False)
    assert gathering.is_due(5_000, full=False)


def test_a_short_epoch_ends_with_the_poll_that_gathered_for_it(tmp_path: Path) -> None:
    assert Gathering(tmp_path, Transactions, 25).is_due(25, full=False)


def test_an_epoch_in_which_nothing_happened_is_never_due(tmp_path: Path) -> None:
    assert not Gathering(tmp_path, Transactions, 25).is_epoch_due(Epoch(began=time.monotonic() - 60), 0)
