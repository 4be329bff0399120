"""From a poll's messages to arrivals and dead letters."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from confluent_kafka import Message

from schemas.events import Channel
from schemas.records import Reason
from schemas.settings import Format, Settings
from schemas.times import EARLIEST, LATEST, format_duration
from schemas.topics import TopicNames
from stream.core.engine import Arrival
from stream.core.events import Unreadable
from stream.core.ids import Origin
from stream.core.outputs import Output, Refused, dead_letter
from stream.core.partitioner import partition_of
from stream.sources.formats import DECODERS


class Taken(NamedTuple):
    """What a poll's live messages are. refused: dead letters, with the reason of each."""

    origins: list[Origin]
    messages: list[Message]
    arrivals: list[Arrival]
    refused: list[tuple[Reason, Output]]


class Intake:
    """Decodes and checks input records."""

    def __init__(self, settings: Settings) -> None:
        names = TopicNames.of(settings.topics)
        formats: Mapping[Channel, Format] = settings.topics.formats
        self._application = settings.application
        self._limits = settings.limits
        self._decoders = {names.input(each): DECODERS[formats.get(each, "native")] for each in settings.topics.inputs}

    def take(self, messages: list[Message], known: Callable[[int, str], bool], partitions: int) -> Taken:
        """`known`: whether the partition has a row of the lead in memory, which spares a check of the partitioner."""
        taken = Taken([], messages, [], [])
        for place, message in enumerate(messages):
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None
            origin = Origin(topic, partition, offset)
            taken.origins.append(origin)
            try:
                arrival = self._arrival(origin, message, place)
                if not known(partition, arrival.event.lead):
                    _check_partition(arrival.event.lead, partition, partitions)
                taken.arrivals.append(arrival)
            except Unreadable as error:
                taken.refused.append((error.reason, self.refuse(origin, message, error.reason, str(error))))
        return taken

    def refuse(self, origin: Origin, message: Message, reason: Reason, text: str) -> Output:
        """The dead letter of a message."""
        headers = [(name, _bytes(value) or b"") for name, value in _pairs(message)]
        timestamp = message.timestamp()[1]
        refused = Refused(
            origin,
            timestamp if EARLIEST <= timestamp < LATEST else EARLIEST,
            _bytes(message.key()),
            _bytes(message.value()),
            headers,
        )
        return dead_letter(self._application, refused, reason, text, self._limits.dead_letter_bytes)

    def _arrival(self, origin: Origin, message: Message, place: int) -> Arrival:
        key, value = message.key(), message.value()
        if not isinstance(value, bytes):
            raise Unreadable("malformed", "a record without a value")
        if len(value) > self._limits.event_bytes:
            raise Unreadable("oversize", f"{len(value)} bytes, limits.event_bytes is {self._limits.event_bytes}")
        event = self._decoders[origin.topic](value)
        if not isinstance(key, bytes):
            raise Unreadable("unkeyed", "a record without a key: the key must be the lead id")
        if key != event.lead.encode():
            raise Unreadable("key_mismatch", f"the key is {key[:64]!r}, the lead {event.lead[:64]!r}")
        timestamp = message.timestamp()[1]
        if not EARLIEST <= timestamp < LATEST:  # none at all, or a producer that stamps microseconds
            timestamp = event.time
        ahead = event.time - timestamp
        if ahead > self._limits.ahead:
            limit = format_duration(self._limits.ahead)
            raise Unreadable("future", f"stamped {ahead / 1000:.0f} s after its arrival, limits.ahead is {limit}")
        return Arrival(event, origin, timestamp, place)


def _check_partition(lead: str, partition: int, partitions: int) -> None:
    right = partition_of(lead.encode(), partitions)
    if right != partition:
        raise Unreadable(
            "mispartitioned",
            f"the lead belongs in partition {right}: produce with murmur2 (Java's, librdkafka's `murmur2_random`)",
        )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _pairs(message: Message) -> list[tuple[str, str | bytes | None]]:
    """The headers as the consumer gives them; the client's type also names the forms that a producer takes."""
    return cast(list[tuple[str, str | bytes | None]], message.headers() or [])
