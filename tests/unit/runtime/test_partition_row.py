"""The partition's own rows: what a later worker learns from them, and when it must refuse to go on."""

import msgspec
import pytest

from schemas.digest import definitions
from stream.runtime import partition_row
from stream.runtime.partition_row import Clock, PartitionRow, PartitionRowError
from tests.unit.schemas.files import Change, shipped

ROW = PartitionRow(
    format=1,
    application="leadpulse",
    positions={"leadpulse.web": 8},
    model="0" * 64,
    kind="rules",
    model_since={"leadpulse.web": 3},
    definitions="1" * 64,
    clock=Clock(watermark=1_772_357_400_000, tick=1_772_344_800_000, cursor="anon:zoë"),
)
NOW = definitions(shipped())
STORED = partition_row.encode_definitions(NOW)


def test_a_row_is_read_back_as_it_was_written() -> None:
    assert partition_row.decode(partition_row.encode(ROW)) == ROW


def test_no_lead_can_have_the_key_of_a_partitions_own_row() -> None:
    # The contract of events allows no control characters in a lead id.
    keys: set[bytes] = {partition_row.KEY, partition_row.DEFINITIONS_KEY}
    assert len(keys) == 2
    assert {key[0] for key in keys} == {0}


def test_a_row_of_a_later_release_asks_for_that_release() -> None:
    later = partition_row.encode(msgspec.structs.replace(ROW, format=2))
    with pytest.raises(PartitionRowError, match="format 2, this release 1: run a newer one"):
        partition_row.decode(later)


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b"\xff", partition_row.encode(ROW)[:-1]])
def test_a_row_that_cannot_be_read_is_refused(value: bytes) -> None:
    with pytest.raises(PartitionRowError, match="cannot be read"):
        partition_row.decode(value)


def test_the_same_definitions_are_accepted() -> None:
    partition_row.check_definitions(STORED, NOW, 0)


def test_rows_whose_definitions_were_lost_are_refused() -> None:
    with pytest.raises(PartitionRowError, match="partition 5 has lost the row that says what its rows mean"):
        partition_row.check_definitions(None, NOW, 5)


def add_signal(content: dict[str, dict[str, list[object]]]) -> None:
    content["observed"]["signals"].append(
        {"number": 20, "name": "webinar", "channel": "web", "label": "webinar", "match": [{"name": "webinar"}]}
    )


def test_an_added_signal_is_accepted() -> None:
    partition_row.check_definitions(STORED, definitions(shipped(add_signal)), 0)


def test_a_signal_taken_away_again_is_refused() -> None:
    stored = partition_row.encode_definitions(definitions(shipped(add_signal)))
    with pytest.raises(PartitionRowError, match="signal 20"):
        partition_row.check_definitions(stored, NOW, 0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda content: content["observed"]["signals"][8].update(match=[{"name": "sign_in"}]), "signal 8"),
        (lambda content: content["observed"]["landing"].reverse(), "landing 1, landing 2"),
        (lambda content: content["observed"]["outcome"].update(match=[{"name": "won"}]), "outcome"),
    ],
)
def test_a_changed_meaning_is_refused_with_names_and_remedy(change: Change, named: str) -> None:
    with pytest.raises(PartitionRowError) as refused:
        partition_row.check_definitions(STORED, definitions(shipped(change)), 5)
    text = str(refused.value)
    assert f"partition 5 was made with another meaning of {named}." in text
    assert "a new number (or place) and keep the old one" in text
