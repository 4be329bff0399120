"""One record at a time: the events that it brings, or why it is refused. What the compiled scan leaves is read here."""

from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from confluent_kafka import Message

from schemas.cloudevents import CARRIED
from schemas.settings import Format, Limits
from schemas.times import EARLIEST, LATEST, format_duration
from stream.core.events import Event, Unreadable
from stream.core.outputs import Headers
from stream.core.partitioner import partition_of
from stream.sources.formats import read_enveloped

_CARRIED: Final = frozenset(CARRIED)


class Brought(NamedTuple):
    """An event of a record. timestamp: Kafka's, or the event's where Kafka has none. part: its place in the record."""

    event: Event
    timestamp: int
    part: int


def brought(message: Message, format: Format, limits: Limits, partitions: int) -> list[Brought]:
    """The events of a record, all of the lead that its key names; none where a machine did what it tells.

    `partitions`: how many the topic has. Raises Unreadable, so that of a record all events count or none.
    """
    value = message.value()
    if not isinstance(value, bytes):
        raise Unreadable("malformed", "a record without a value")
    if len(value) > limits.event_bytes:
        raise Unreadable("oversize", f"{len(value)} bytes, limits.event_bytes is {limits.event_bytes}")
    events = read_enveloped(format, value, lambda: _by_small_names(message))
    return [
        Brought(event, _checked(event, message, limits, partitions, len(events)), part)
        for part, event in enumerate(events)
    ]


def headers_of(message: Message) -> Headers:
    """The headers as they came."""
    return [(name, bytes_of(content) or b"") for name, content in _pairs(message)]


def carried_by(message: Message) -> Headers:
    """Those headers that the record's outputs carry on: the trace that it belongs to."""
    pairs = _pairs(message)
    return [(name, bytes_of(content) or b"") for name, content in pairs if name in _CARRIED] if pairs else []


def _checked(event: Event, message: Message, limits: Limits, partitions: int, of: int) -> int:
    """The event's timestamp, if its record may bring it. Raises Unreadable."""
    key = message.key()
    if not isinstance(key, bytes):
        raise Unreadable("unkeyed", "a record without a key: the key must be the lead id")
    if key != event.lead.encode():
        remedy = "; have the gateway split an array by lead" if of > 1 else ""
        raise Unreadable("key_mismatch", f"the key is {key[:64]!r}, the lead {event.lead[:64]!r}{remedy}")
    timestamp = message.timestamp()[1]
    if not EARLIEST <= timestamp < LATEST:  # none at all, or a producer that stamps microseconds
        timestamp = event.time
    ahead = event.time - timestamp
    if ahead > limits.ahead:
        limit = format_duration(limits.ahead)
        raise Unreadable("future", f"stamped {ahead / 1000:.0f} s after its arrival, limits.ahead is {limit}")
    right = partition_of(key, partitions)
    if right != message.partition():
        raise Unreadable(
            "mispartitioned",
            f"the lead belongs in partition {right}: produce with murmur2 (Java's, librdkafka's `murmur2_random`)",
        )
    return timestamp


def _by_small_names(message: Message) -> Mapping[str, bytes]:
    return {name.lower(): content for name, content in headers_of(message)}


def bytes_of(value: str | bytes | None) -> bytes | None:
    """A key, a value or a header's content; the client's types also allow text."""
    return value.encode() if isinstance(value, str) else value


def _pairs(message: Message) -> list[tuple[str, str | bytes | None]]:
    """The headers as the consumer gives them; the client's type also names the forms that a producer takes.

    None where the name of one is no UTF-8, which brokers let pass and the client cannot tell.
    """
    try:
        return cast(list[tuple[str, str | bytes | None]], message.headers() or [])
    except (SystemError, UnicodeDecodeError):
        message.set_headers([])  # it keeps what it made of them, and whoever touches that dies of it
        return []
