"""A partition is at its end when every topic's end was met and nothing came since, whatever a poll tells first."""

from confluent_kafka import Message

from stream.runtime.ends import Ends

TOPICS = ("web", "email")


def message(topic: str, offset: int) -> Message:
    return Message(topic=topic, partition=0, offset=offset, key=b"ann", value=b"{}")


def test_all_topics_must_have_come_to_their_ends() -> None:
    ends = Ends()
    assert not ends.holds(TOPICS, 0)
    ends.meet("web", 0, 8)
    assert not ends.holds(TOPICS, 0)
    ends.meet("email", 0, 0)
    assert ends.holds(TOPICS, 0)
    assert not ends.holds(TOPICS, 1)


def test_a_record_after_the_end_leaves_it_and_one_before_does_not() -> None:
    ends = Ends()
    ends.meet("web", 0, 8)
    ends.meet("email", 0, 0)
    ends.leave([message("web", 6), message("web", 7)])
    assert ends.holds(TOPICS, 0)
    ends.leave([message("web", 8)])
    assert not ends.holds(TOPICS, 0)
    ends.meet("web", 0, 9)
    assert ends.holds(TOPICS, 0)


def test_what_is_fetched_from_another_place_is_not_at_its_end() -> None:
    ends = Ends()
    for topic in TOPICS:
        ends.meet(topic, 0, 8)
    ends.forget("email", 0)
    assert not ends.holds(TOPICS, 0)
    ends.leave([message("email", 3)])
    assert ends.holds(["web"], 0)
