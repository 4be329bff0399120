"""What the poll thread hands over to the event loop."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Message


@dataclass(frozen=True)
class Poll:
    """What one poll brought. generations: of the partitions at the time. group: the consumer group's metadata then.

    at_end: partitions of which every input topic was read to its end. Without messages it says that nothing more is
    waiting. done: set once it was scored, and its epoch committed where that was due. began: monotonic, in s.
    """

    number: int
    messages: list[Message]
    generations: dict[int, int]
    group: Any
    at_end: frozenset[int] = frozenset()
    done: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)
