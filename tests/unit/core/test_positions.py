"""Where a worker stands at any record of a poll of several topics and partitions."""

import json

import numpy as np

from stream.core.positions import Positions

TOPICS = ["t.web", "t.email"]


def positions() -> Positions:
    """Partition 0: web 5, email 9, web 6. Partition 1: web 2. Email of partition 1 stood at 4 before."""
    return Positions(
        {0: {"t.web": 5, "t.email": 9}, 1: {"t.web": 2, "t.email": 4}, 2: {"t.web": 8}},
        TOPICS,
        np.array([0, 1, 0, 0]),
        np.array([0, 0, 1, 0]),
        np.array([5, 9, 2, 6]),
    )


def told(found: Positions, place: int, partition: int) -> object:
    """As the record at a place tells it."""
    (text,) = found.texts(np.array([place]), np.array([partition])).each()
    return json.loads(text)


def test_each_record_moves_its_own_topic_on() -> None:
    found = positions()
    assert told(found, 0, 0) == {"t.web": 6, "t.email": 9}
    assert told(found, 1, 0) == {"t.web": 6, "t.email": 10}
    assert told(found, 2, 0) == {"t.web": 6, "t.email": 10}
    assert told(found, 3, 0) == {"t.web": 7, "t.email": 10}
    assert told(found, 2, 1) == told(found, 3, 1) == {"t.web": 3, "t.email": 4}


def test_records_of_several_partitions_are_told_together_in_any_order() -> None:
    found = positions().texts(np.array([3, 2, 0]), np.array([0, 1, 0])).each()
    assert [*map(json.loads, found)] == [
        {"t.web": 7, "t.email": 10},
        {"t.web": 3, "t.email": 4},
        {"t.web": 6, "t.email": 9},
    ]


def test_a_partition_never_been_in_stands_nowhere() -> None:
    assert told(Positions({}, TOPICS, *(np.zeros(0, np.int64) for _ in range(3))), 0, 5) == {}


def test_after_the_poll_only_partitions_that_it_changed_are_named() -> None:
    assert positions().after() == {0: {"t.web": 7, "t.email": 10}, 1: {"t.web": 3, "t.email": 4}}


def test_a_topic_unknown_before_is_known_after() -> None:
    found = Positions({}, TOPICS, np.array([1]), np.array([3]), np.array([41]))
    assert told(found, 0, 3) == {"t.email": 42}
    assert found.after() == {3: {"t.email": 42}}
