"""From a poll's messages to arrivals and dead letters.

Nearly all records are scanned at once (`stream.sources.scan`). Those that the scan gives up on are decoded one by one,
and only that decides whether a record is refused, and why.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
from confluent_kafka import Message

from schemas.events import Channel
from schemas.records import Reason
from schemas.settings import Format, Settings
from schemas.times import EARLIEST, LATEST
from schemas.topics import TopicNames
from stream.core.arrivals import Arrivals
from stream.core.events import Event, Unreadable
from stream.core.ids import Origin
from stream.core.kinds import Kinds
from stream.core.lead import Flags, Hashes, Ints
from stream.core.outputs import Output, Refused, dead_letter
from stream.core.signals import Reading, Signals
from stream.runtime.decoding import brought, bytes_of, carried_by, headers_of
from stream.sources.scan import CODES, Bounds, Records, scan

log = logging.getLogger(__name__)

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


class _Found(NamedTuple):
    """What was found of so many events. place: of the record in the poll; part: which of the record's events; kind, and
    the rest: as in `Arrivals`.
    """

    place: Ints
    part: Ints
    time: Ints
    timestamp: Ints
    event: Hashes
    kind: Ints

    def with_more(self, rows: Sequence[tuple[int, ...]]) -> "_Found":
        """These and those of the rows, in the order of their places."""
        if not rows:
            return self
        place, part, time, timestamp, event, kind = zip(*rows, strict=True)
        order = np.argsort(np.concatenate((self.place, place)), kind="stable")
        return _Found(
            np.concatenate((self.place, place))[order],
            np.concatenate((self.part, part))[order],
            np.concatenate((self.time, time))[order],
            np.concatenate((self.timestamp, timestamp))[order],
            np.concatenate((self.event, np.array(event, np.uint64)))[order],
            np.concatenate((self.kind, kind))[order],
        )


class _Decoded(NamedTuple):
    """rows: as `_Found.with_more` takes them; a row's kind is -1 - i for reading i. refused, empty: as in `Taken`."""

    rows: list[tuple[int, ...]]
    readings: list[Reading]
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
        self._formats: list[Format] = [formats.get(each, "native") for each in settings.topics.inputs]
        self._codes = np.array([CODES[each] for each in self._formats], np.int64)
        self._unknown: dict[tuple[str, str, str], Event] = {}

    def compile(self) -> None:
        """Has the kernels compiled by a poll of nothing."""
        self.kinds.learn(Event("none", "nobody", EARLIEST, "outcome", "none"))
        none = Batch([], *(np.zeros(0, np.int64) for _ in range(3)))
        self.take(none, 1)

    def batch(self, messages: Sequence[Message]) -> Batch:
        """The messages of a poll."""
        # A method of the class, mapped, takes a fifth less than one of each message.
        size = len(messages)
        topics = cast(Iterator[str], map(Message.topic, messages))
        return Batch(
            messages,
            np.fromiter(map(self._places.__getitem__, topics), np.int64, size),
            np.fromiter(map(Message.partition, messages), np.int64, size),
            np.fromiter(map(Message.offset, messages), np.int64, size),
        )

    def take(self, batch: Batch, partitions: int) -> Taken:
        """`partitions`: how many each input topic has."""
        self._learn()
        messages = batch.messages
        keys = [*map(Message.key, messages)]
        stamps = np.fromiter((stamp for _, stamp in map(Message.timestamp, messages)), np.int64, len(messages))
        records = self._records(batch, keys, stamps)
        bounds = Bounds(self._limits.event_bytes, self._limits.ahead, partitions)
        scanned = scan(records, bounds, self.kinds.table)
        says = scanned.taken & self.kinds.say_something(scanned.kind)
        empty = int(scanned.taken.sum() - says.sum())
        place = np.flatnonzero(says)
        found = _Found(
            place,
            np.zeros(len(place), np.int64),
            scanned.time[place],
            scanned.timestamp[place],
            scanned.event[place],
            scanned.kind[place],
        )
        decoded = self._decode(batch, np.flatnonzero(~scanned.taken).tolist(), partitions)
        found = found.with_more(decoded.rows)
        places = found.place
        every = not decoded.rows and len(places) == len(keys)
        arrivals = Arrivals(
            self.topics,
            batch.topic[places],
            batch.partition[places],
            batch.offset[places],
            places,
            found.part,
            cast(
                list[bytes],
                keys if every else [keys[i] for i in places.tolist()],
            ),
            found.timestamp,
            found.time,
            found.event,
            found.kind,
            decoded.readings,
            self.kinds.table,
            lambda place: carried_by(messages[place]),
        )
        return Taken(arrivals, decoded.refused, empty + decoded.empty)

    def refuse(self, origin: Origin, message: Message, reason: Reason, text: str) -> Output:
        """The dead letter of a message."""
        timestamp = message.timestamp()[1]
        refused = Refused(
            origin,
            timestamp if EARLIEST <= timestamp < LATEST else EARLIEST,
            bytes_of(message.key()),
            bytes_of(message.value()),
            headers_of(message),
        )
        return dead_letter(self._application, refused, reason, text, self._limits.dead_letter_bytes)

    def _records(self, batch: Batch, keys: Sequence[Any], stamps: Ints) -> Records:
        data, value_at = _join([*map(Message.value, batch.messages)], b"\0")
        key_data, key_at = _join(keys, b"")
        return Records(data, value_at, key_data, key_at, self._codes[batch.topic], batch.partition, stamps)

    def _decode(self, batch: Batch, places: Sequence[int], partitions: int) -> _Decoded:
        """Reads what the scan gave up on, one record after the other."""
        decoded = _Decoded([], [], [], 0)
        silent = 0
        for i in places:
            message = batch.messages[i]
            try:
                events = brought(message, self._formats[batch.topic[i]], self._limits, partitions)
            except Unreadable as error:
                decoded.refused.append(self._refused(batch, i, error))
                continue
            except MemoryError:
                raise
            except Exception as error:  # one record that no reader foresaw must not stop all others, at every worker
                log.exception("a record that no reader foresaw becomes a dead letter")
                unforeseen = Unreadable("malformed", f"it cannot be read: {type(error).__name__}: {error}")
                decoded.refused.append(self._refused(batch, i, unforeseen))
                continue
            silent += not events
            for event, timestamp, part in events:
                self._unknown[event.type, event.name, event.path] = event
                reading = self._signals.read(event)
                if reading.carries:
                    row = (i, part, event.time, timestamp, reading.event, -1 - len(decoded.readings))
                    decoded.rows.append(row)
                    decoded.readings.append(reading)
                else:
                    silent += 1
        return decoded._replace(empty=silent)

    def _refused(self, batch: Batch, place: int, error: Unreadable) -> tuple[Reason, Output]:
        origin = Origin(self.topics[batch.topic[place]], int(batch.partition[place]), int(batch.offset[place]))
        return error.reason, self.refuse(origin, batch.messages[place], error.reason, str(error))

    def _learn(self) -> None:
        """Lets the scan know the kinds that were decoded in the poll before. Not sooner: a full table forgets what the
        kinds of a scan mean, which are looked up until the poll is scored.
        """
        for event in self._unknown.values():
            self.kinds.learn(event)
        self._unknown.clear()


def _join(parts: Sequence[Any], between: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], Ints]:
    """All parts end to end, and where each begins; a part that is none counts as empty."""
    try:
        joined = between.join([*parts, bytes(_PADDING)])
    except TypeError:
        parts = [part if isinstance(part, bytes) else b"" for part in parts]
        joined = between.join([*parts, bytes(_PADDING)])
    at = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)) + len(between), out=at[1:])
    return np.frombuffer(joined, np.uint8), at
