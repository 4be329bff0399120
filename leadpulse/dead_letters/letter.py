"""A dead letter as it lies in its topic, parted into what the worker said of it and the record that came."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from confluent_kafka import Message

from schemas.times import format_time
from stream.core.outputs import Headers
from stream.runtime.decoding import bytes_of, headers_of

MARKER: Final = "leadpulse.replay"
"""The header of a record that was sent again: the id of its dead letter."""
CUT: Final = "leadpulse.value.bytes"

_LAST_OF_OURS: Final = "leadpulse.reason"


@dataclass(frozen=True)
class DeadLetter:
    """id: `ce_id`. topic, partition, offset: of the record that was refused. time: its Kafka timestamp, in ms.
    cut: how long the value was, where its end is missing. headers: those that the record came with.
    """

    id: str
    reason: str
    message: str
    topic: str
    partition: int
    offset: int
    time: int
    key: bytes | None
    value: bytes | None
    cut: int | None
    headers: Headers

    def summary(self) -> dict[str, Any]:
        """What a line of a list says, for programs."""
        place = {"topic": self.topic, "partition": self.partition, "offset": self.offset}
        key = None if self.key is None else self.key.decode(errors="replace")
        told = {"id": self.id, "reason": self.reason, "message": self.message}
        return told | place | {"time": format_time(self.time), "key": key}


class Chosen(NamedTuple):
    """Which dead letters are meant. reasons, topic, id: none means every. since, until: in ms; until is left out."""

    reasons: frozenset[str] = frozenset()
    topic: str | None = None
    id: str = ""
    since: int = 0
    until: int | None = None

    def has(self, letter: DeadLetter) -> bool:
        """Whether it is one of them."""
        return (
            (not self.reasons or letter.reason in self.reasons)
            and self.topic in (None, letter.topic)
            and letter.id.startswith(self.id)
            and letter.time >= self.since
            and (self.until is None or letter.time < self.until)
        )


def read_letter(message: Message) -> DeadLetter | None:
    """None for a record that no worker of Leadpulse has written."""
    headers = headers_of(message)
    names = [name for name, _ in headers]
    if _LAST_OF_OURS not in names:
        return None
    end = names.index(_LAST_OF_OURS) + 1
    said = {name: content.decode() for name, content in headers[:end]}
    came = headers[end:]
    cut = int(came.pop()[1]) if came and came[-1][0] == CUT else None
    told: Callable[[str], str] = lambda name: said[f"__connect.errors.{name}"]  # noqa: E731
    return DeadLetter(
        said["ce_id"],
        said[_LAST_OF_OURS],
        told("exception.message"),
        told("topic"),
        int(told("partition")),
        int(told("offset")),
        message.timestamp()[1],
        bytes_of(message.key()),
        bytes_of(message.value()),
        cut,
        [(name, content) for name, content in came if name != MARKER],
    )
