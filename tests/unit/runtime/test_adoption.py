"""Whether a restored partition can be gone on with, and from where."""

import msgspec
import pytest
from confluent_kafka import TopicPartition

from schemas.digest import definitions, digest
from stream.runtime import partition_row
from stream.runtime.adoption import Adoptable, Restored, examine, first_offset
from stream.runtime.commit import WorkerError
from stream.runtime.partition_row import PartitionRow, PartitionRowError
from stream.runtime.spans import Span
from stream.runtime.store import Marker
from tests.unit.schemas.files import shipped

MEANING = definitions(shipped())
ROW = PartitionRow(1, "leadpulse", {"web": 8}, "0" * 64, "rules", {}, digest(MEANING), partitions=4)
LOWS = {"web": 3, "email": 2}
NOTHING = Marker(0, None, None)


def examined(
    marker: Marker,
    committed: dict[str, int],
    lows: dict[str, int],
    partitions: int,
    ids: dict[str, str] | None = None,
    *,
    skip_missing: bool = False,
) -> Adoptable:
    restored = Restored(marker, committed, lows, partitions, ids or {})
    return examine(1, restored, "leadpulse", MEANING, digest(MEANING), skip_missing=skip_missing)


def stored(row: PartitionRow) -> Marker:
    return Marker(9, partition_row.encode(row), partition_row.encode_definitions(MEANING))


def test_a_new_partition_begins_where_its_topics_do() -> None:
    assert examined(NOTHING, {}, LOWS, 4).positions == LOWS


def test_the_states_positions_count_before_the_groups_and_those_before_where_the_topics_begin() -> None:
    assert examined(stored(ROW), {"web": 7, "email": 5}, LOWS | {"crm": 1}, 4).positions == {
        "web": 8,
        "email": 5,
        "crm": 1,
    }


@pytest.mark.parametrize("partitions", [2, 5])
def test_a_state_that_was_made_for_another_number_of_partitions_is_refused(partitions: int) -> None:
    with pytest.raises(PartitionRowError, match=f"for 4 partitions and the topics have {partitions}.*another prefix"):
        examined(stored(ROW), {}, LOWS, partitions)


def test_a_state_of_before_the_number_was_kept_is_gone_on_with() -> None:
    assert examined(stored(msgspec.structs.replace(ROW, partitions=0)), {}, LOWS, 5).positions["web"] == 8


def test_a_topic_that_was_made_anew_is_not_gone_on_with_where_the_one_before_ended() -> None:
    known = stored(msgspec.structs.replace(ROW, ids={"web": "cluster-1 a", "email": "cluster-1 b"}))
    now = {"web": "cluster-1 c", "email": "cluster-1 b"}
    with pytest.raises(
        WorkerError, match=r"web, partition 1: the topic was made anew after the state was at 8: .* skip"
    ):
        examined(known, {}, LOWS, 4, now)
    assert examined(known, {"email": 5}, LOWS, 4, now, skip_missing=True).positions == {"web": 3, "email": 5}


@pytest.mark.parametrize(
    "before",
    [{}, {"web": "cluster-1 c"}, {"web": "cluster-0 a"}, {"email": "cluster-1 a"}],
    ids=[
        "from before ids were kept",
        "the same",
        "in another cluster, to which records were linked",
        "of another topic",
    ],
)
def test_a_topic_of_which_nothing_says_that_it_was_made_anew_is_gone_on_with(before: dict[str, str]) -> None:
    known = stored(msgspec.structs.replace(ROW, ids=before))
    assert examined(known, {}, LOWS, 4, {"web": "cluster-1 c"}).positions["web"] == 8


def test_a_group_that_has_read_what_no_state_knows_is_refused() -> None:
    with pytest.raises(PartitionRowError, match="the changelog has no state"):
        examined(NOTHING, {"web": 0, "email": 2}, LOWS, 4)


def test_a_group_that_has_read_nothing_needs_no_state() -> None:
    assert examined(NOTHING, {"web": 0, "email": 0}, {"web": 0, "email": 0}, 4).positions == {
        "web": 0,
        "email": 0,
    }


@pytest.mark.parametrize("position", [3, 5, 9])
def test_what_the_topic_still_has_is_fetched_from_the_states_position(position: int) -> None:
    assert first_offset(TopicPartition("web", 1), position, Span(3, 9), skip_missing=False) == position


@pytest.mark.parametrize("position", [2, 10])
def test_what_the_topic_no_longer_has_is_skipped_only_where_that_was_set(position: int) -> None:
    with pytest.raises(WorkerError, match=f"web, partition 1: the state is at {position}, the topic has 3 to 9"):
        first_offset(TopicPartition("web", 1), position, Span(3, 9), skip_missing=False)
    assert first_offset(TopicPartition("web", 1), position, Span(3, 9), skip_missing=True) == 3
