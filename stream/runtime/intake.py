"""From a poll's messages to arrivals and dead letters.

Nearly all records are scanned at once (`stream.sources.scan`). Those that the scan gives up on are decoded one by one,
and only that decides whether a record is refused, and why.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
from confluent_kafka import Message

from schemas.events import Channel
from schemas.records import Reason
from schemas.settings import Format, Settings
from schemas.times import EARLIEST, LATEST, format_duration
from schemas.topics import TopicNames
from stream.core.arrivals import Arrivals
from stream.core.events import Event, Unreadable
from stream.core.ids import Origin
from stream.core.kinds import Kinds
from stream.core.lead import Flags, Ints
from stream.core.outputs import Output, Refused, dead_letter
from stream.core.partitioner import partition_of
from stream.core.signals import Reading, Signals, event_hash
from stream.sources.formats import DECODERS
from stream.sources.scan import CODES, Bounds, Records, Scanned, scan

_PADDING: Final = 8
"""A scan of the last bytes may look a little further."""


class Batch(NamedTuple):
    """Messages with what of them is arrays. topic: place in `Intake.topics`."""

    messages: Sequence[Message]
    topic: Ints
    partition: Ints
    offset: Ints

    def only(self, live: Flags) -> "Batch":
        """Those that are marked."""
        if live.all():
            return self
        messages = [message for message, is_live in zip(self.messages, live.tolist(), strict=True) if is_live]
        return Batch(messages, self.topic[live], self.partition[live], self.offset[live])


class Taken(NamedTuple):
    """What a poll's messages are. keys: the leads of all arrivals, end to end. refused: dead letters, with the reason
    of each. empty: how many events said nothing. latest: the latest event time, or 0.
    """

    arrivals: Arrivals
    refused: list[tuple[Reason, Output]]
    empty: int


class Intake:
    """Decodes and checks input records."""

    def __init__(self, settings: Settings) -> None:
        names = TopicNames.of(settings.topics)
        formats: dict[Channel, Format] = settings.topics.formats
        self._application = settings.application
        self._limits = settings.limits
        self._signals = Signals(settings.observed)
        self.kinds = Kinds(self._signals)
        self.topics = [names.input(each) for each in settings.topics.inputs]
        self._places = {topic: place for place, topic in enumerate(self.topics)}
        used: list[Format] = [formats.get(each, "native") for each in settings.topics.inputs]
        self._decoders = [DECODERS[each] for each in used]
        self._codes = np.array([CODES[each] for each in used], np.int64)

    def compile(self) -> None:
        """Has the kernels compiled by a poll of nothing."""
        self.kinds.learn(Event("none", "nobody", EARLIEST, "outcome", "none"))
        none = Batch([], *(np.zeros(0, np.int64) for _ in range(3)))
        self.take(none, 1)

    def batch(self, messages: Sequence[Message]) -> Batch:
        """The messages of a poll."""
        places = self._places
        return Batch(
            messages,
            np.array([places[cast(str, message.topic())] for message in messages], np.int64),
            np.array([message.partition() for message in messages], np.int64),
            np.array([message.offset() for message in messages], np.int64),
        )

    def take(self, batch: Batch, partitions: int) -> Taken:
        """`partitions`: how many each input topic has."""
        messages = batch.messages
        keys = [message.key() for message in messages]
        stamps = np.array([message.timestamp()[1] for message in messages], np.int64)
        records = self._records(batch, keys, stamps)
        bounds = Bounds(self._limits.event_bytes, self._limits.ahead, partitions)
        found = scan(records, bounds, self.kinds.table)
        readings: list[Reading] = []
        refused: list[tuple[Reason, Output]] = []
        says = found.taken & self.kinds.say_something(found.kind)
        empty = int(found.taken.sum() - says.sum())
        for i in np.flatnonzero(~found.taken).tolist():
            try:
                reading = self._read(batch, i, found, partitions)
            except Unreadable as error:
                origin = Origin(self.topics[batch.topic[i]], int(batch.partition[i]), int(batch.offset[i]))
                refused.append((error.reason, self.refuse(origin, messages[i], error.reason, str(error))))
                continue
            if reading.carries:
                found.kind[i] = -1 - len(readings)
                readings.append(reading)
                says[i] = True
            else:
                empty += 1
        place = np.flatnonzero(says)
        arrivals = Arrivals(
            self.topics,
            batch.topic[place],
            batch.partition[place],
            batch.offset[place],
            place,
            cast(list[bytes], keys if len(place) == len(keys) else [keys[i] for i in place.tolist()]),
            found.timestamp[place],
            found.time[place],
            found.event[place],
            found.kind[place],
            readings,
            self.kinds.table,
        )
        return Taken(arrivals, refused, empty)

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

    def _records(self, batch: Batch, keys: Sequence[Any], stamps: Ints) -> Records:
        values = [message.value() for message in batch.messages]
        data, value_at = _join(values, b"\0")
        key_data, key_at = _join(keys, b"")
        return Records(data, value_at, key_data, key_at, self._codes[batch.topic], batch.partition, stamps)

    def _read(self, batch: Batch, i: int, found: Scanned, partitions: int) -> Reading:
        """Reads what the scan gave up on, and lets the scan of the next poll know its kind. Raises Unreadable."""
        event, timestamp = self._event(batch, i, partitions)
        self.kinds.learn(event)
        found.time[i], found.timestamp[i], found.event[i] = event.time, timestamp, np.uint64(event_hash(event.id))
        return self._signals.read(event)

    def _event(self, batch: Batch, i: int, partitions: int) -> tuple[Event, int]:
        message = batch.messages[i]
        key, value = message.key(), message.value()
        if not isinstance(value, bytes):
            raise Unreadable("malformed", "a record without a value")
        if len(value) > self._limits.event_bytes:
            raise Unreadable("oversize", f"{len(value)} bytes, limits.event_bytes is {self._limits.event_bytes}")
        event = self._decoders[batch.topic[i]](value)
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
        right = partition_of(key, partitions)
        if right != batch.partition[i]:
            raise Unreadable(
                "mispartitioned",
                f"the lead belongs in partition {right}: produce with murmur2 (Java's, librdkafka's `murmur2_random`)",
            )
        return event, timestamp


def _join(parts: Sequence[Any], between: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], Ints]:
    """All parts end to end, and where each begins; a part that is none counts as empty."""
    try:
        joined = between.join(parts)
    except TypeError:
        parts = [part if isinstance(part, bytes) else b"" for part in parts]
        joined = between.join(parts)
    at = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(np.array([*map(len, parts)], np.int64) + len(between), out=at[1:])
    return np.frombuffer(joined + bytes(_PADDING), np.uint8), at


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _pairs(message: Message) -> list[tuple[str, str | bytes | None]]:
    """The headers as the consumer gives them; the client's type also names the forms that a producer takes."""
    return cast(list[tuple[str, str | bytes | None]], message.headers() or [])
