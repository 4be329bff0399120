"""The shortened rows that run with every test; `make faults` plays all eighteen in full."""

from pathlib import Path

import pytest

from tests.faults.catalogue import ROWS, SHORT
from tests.faults.play import play, warm_up
from tests.faults.stage import EXACTLY_ONCE
from tests.integration.deployment import Broker


@pytest.fixture(scope="module")
def warm(real_kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No row begins with cold kernels."""
    warm_up(real_kafka, tmp_path_factory.mktemp("warm"))


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.parametrize("number", SHORT, ids=lambda number: f"row {number}")
def test_a_fault_loses_nothing_and_doubles_nothing(real_kafka: Broker, tmp_path: Path, number: int, warm: None) -> None:
    outcome = play(ROWS[number], real_kafka, tmp_path, short=True, guarantee=EXACTLY_ONCE)
    assert outcome.passed, outcome.detail
    assert outcome.events
    assert (outcome.lost, outcome.duplicated) == (0, 0)


def test_the_table_has_all_eighteen_rows() -> None:
    assert sorted(ROWS) == list(range(1, 19))
    assert set(SHORT) <= set(ROWS)
