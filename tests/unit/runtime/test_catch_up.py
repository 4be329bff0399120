"""A worker with a backlog of several topics takes them in the order of their times."""

from random import Random

from confluent_kafka import TIMESTAMP_CREATE_TIME, Message, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from stream.runtime.catch_up import HELD_BYTES, HELD_FEW, HELD_MOST, CatchUp


def record(topic: str, offset: int, time: int, partition: int = 0, value: bytes = b"v") -> Message:
    return Message(
        topic=topic, partition=partition, offset=offset, key=b"k", value=value, timestamp=(TIMESTAMP_CREATE_TIME, time)
    )


def times(messages: list[Message]) -> list[int]:
    return [message.timestamp()[1] for message in messages]


def test_records_of_a_partition_that_is_not_behind_pass_as_they_come() -> None:
    catch_up = CatchUp()
    catch_up.start(0, {"web": (5, 5), "email": (0, 3)})
    assert not catch_up.active
    assert times(catch_up.take([record("email", 0, 9), record("web", 5, 2)])[0]) == [9, 2]


def test_nothing_goes_on_before_every_topic_behind_has_shown_its_next() -> None:
    catch_up = CatchUp()
    catch_up.start(0, {"web": (0, 2), "email": (0, 2)})
    assert times(catch_up.take([record("web", 0, 10), record("web", 1, 30)])[0]) == []
    assert times(catch_up.take([record("email", 0, 20)])[0]) == [10, 20]
    assert times(catch_up.take([record("email", 1, 40)])[0]) == [30, 40]
    assert not catch_up.active


def test_a_topic_whose_last_offsets_never_arrive_is_not_waited_for_forever() -> None:
    catch_up = CatchUp()
    catch_up.start(0, {"web": (0, 2), "email": (0, 7)})
    assert times(catch_up.take([record("web", 0, 10), record("web", 1, 30), record("email", 0, 20)])[0]) == [10, 20]
    assert times(catch_up.take([])[0]) == []
    catch_up.reach_end("email", 0)
    assert times(catch_up.take([])[0]) == [30]
    assert not catch_up.active


def test_a_topic_that_has_shown_its_end_still_gives_what_is_held_in_order() -> None:
    catch_up = CatchUp()
    catch_up.start(0, {"web": (0, 3), "email": (0, 7)})
    catch_up.reach_end("email", 0)  # told of before the records of the same poll
    assert times(catch_up.take([record("email", 0, 20), record("web", 0, 10)])[0]) == [10]
    assert times(catch_up.take([record("web", 1, 30)])[0]) == [20, 30]


def test_a_topic_far_ahead_is_not_fetched_until_the_others_have_come_up() -> None:
    catch_up = CatchUp()
    ahead = HELD_MOST + 1
    catch_up.start(0, {"web": (0, ahead), "email": (0, 1)})
    ready, hold = catch_up.take([record("web", offset, offset) for offset in range(ahead)])
    assert ready == []
    assert hold.pause == [TopicPartition("web", 0)]
    ready, hold = catch_up.take([record("email", 0, ahead)])
    assert len(ready) == ahead + 1
    assert hold.resume == [TopicPartition("web", 0)]
    assert not catch_up.active


def test_large_records_are_held_by_their_bytes_and_more_partitions_share_the_room() -> None:
    large = bytes(256 * 1024)
    held = {}
    for partitions in (1, 4):
        catch_up = CatchUp()
        for partition in range(partitions):
            catch_up.start(partition, {"web": (0, 1_000), "email": (0, 1)})
        count = 0
        while not catch_up.take([record("web", count, count, value=large)])[1].pause:
            count += 1
        held[partitions] = count * len(large)
        ready, hold = catch_up.take([record("email", 0, 1_000)])
        assert len(ready) == count + 1
        assert hold.resume == [TopicPartition("web", 0)]
    assert 0.9 * HELD_BYTES / 2 < held[1] <= HELD_BYTES / 2
    assert 0.9 * HELD_BYTES / 8 < held[4] <= HELD_BYTES / 8


def test_a_topic_whose_fetching_was_stopped_is_waited_for_like_any_other() -> None:
    catch_up = CatchUp()
    ahead = HELD_MOST + 1
    catch_up.start(0, {"web": (0, ahead + 1), "email": (0, 3)})
    catch_up.take([record("web", offset, 10) for offset in range(ahead)])
    ready, hold = catch_up.take([record("email", 0, 20)])
    assert len(ready) == ahead > HELD_FEW
    assert hold.resume == [TopicPartition("web", 0)]
    assert times(catch_up.take([record("web", ahead, 15), record("email", 1, 30)])[0]) == [15, 20, 30]


def test_what_is_held_of_a_partition_that_goes_is_dropped() -> None:
    catch_up = CatchUp()
    catch_up.start(0, {"web": (0, 2), "email": (0, 2)})
    catch_up.take([record("web", 0, 10)])
    assert catch_up.forget(0) == []
    assert times(catch_up.take([record("email", 0, 20)])[0]) == [20]


@given(
    logs=st.dictionaries(
        st.sampled_from(["web", "email", "crm"]), st.lists(st.integers(1, 50), min_size=1, max_size=20), min_size=2
    ),
    cuts=st.lists(st.integers(1, 7), max_size=30),
    random=st.randoms(use_true_random=False),
)
def test_every_record_goes_on_once_in_its_topics_order_and_in_the_order_of_times(
    logs: dict[str, list[int]], cuts: list[int], random: Random
) -> None:
    catch_up = CatchUp()
    catch_up.start(0, {topic: (0, len(log)) for topic, log in logs.items()})
    sources = {topic: [record(topic, i, time) for i, time in enumerate(sorted(log))] for topic, log in logs.items()}
    arrivals: list[Message] = []
    while any(sources.values()):
        topic = random.choice([each for each, left in sources.items() if left])
        arrivals.append(sources[topic].pop(0))
    taken: list[Message] = []
    for cut in [*cuts, len(arrivals)]:
        taken += catch_up.take(arrivals[:cut])[0]
        arrivals = arrivals[cut:]
    assert times(taken) == sorted(time for log in logs.values() for time in log)
    for topic, log in logs.items():
        assert [message.offset() for message in taken if message.topic() == topic] == list(range(len(log)))
