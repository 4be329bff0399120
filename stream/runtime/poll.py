"""What the poll thread hands over to the event loop."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Message


class Turn:
    """When a poll was handed over (monotonic, in s), and whether it is done: scored, and its epoch committed where that
    was due. Apart from the poll, so that nobody who waits for it keeps the records of a done one.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.done = threading.Event()


@dataclass(frozen=True)
class Poll:
    """What one poll brought. generations: of the partitions at the time. group: the consumer group's metadata then.

    at_end: partitions of which every input topic was read to its end, with these ends (exclusive) by topic; none where
    more polls of the same fetch follow. Without messages it says that nothing more is
    waiting.
    """

    number: int
    messages: list[Message]
    generations: dict[int, int]
    group: Any
    at_end: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    turn: Turn = field(default_factory=Turn)
