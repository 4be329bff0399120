"""Where a worker stands at any record of a poll of several topics and partitions."""

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


def test_each_record_moves_its_own_topic_on() -> None:
    found = positions()
    assert found.at(0, 0) == {"t.web": 6, "t.email": 9}
    assert found.at(1, 0) == {"t.web": 6, "t.email": 10}
    assert found.at(2, 0) == {"t.web": 6, "t.email": 10}
    assert found.at(3, 0) == {"t.web": 7, "t.email": 10}
    assert found.all_at([2, 3], [1, 1]) == [{"t.web": 3, "t.email": 4}] * 2


def test_after_the_poll_only_partitions_that_it_changed_are_named() -> None:
    assert positions().after() == {0: {"t.web": 7, "t.email": 10}, 1: {"t.web": 3, "t.email": 4}}


def test_a_topic_unknown_before_is_known_after() -> None:
    found = Positions({}, TOPICS, np.array([1]), np.array([3]), np.array([41]))
    assert found.at(0, 3) == {"t.email": 42}
    assert found.after() == {3: {"t.email": 42}}
