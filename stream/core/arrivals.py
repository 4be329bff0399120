"""What a poll brings to the engine: events as arrays, with the records that brought them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from stream.core.events import Event
from stream.core.ids import Origin
from stream.core.kinds import NO_KINDS, KindTable
from stream.core.lead import Hashes, Ints
from stream.core.outputs import Headers
from stream.core.signals import Reading


class Arrivals(NamedTuple):
    """E events that say something, in the order of arrival.

    topics: names; topic: a place in them. partition, offset: of the record. place: its place in the poll. part: which
    of the record's events. key: the lead of each, in UTF-8. timestamp: Kafka's, in milliseconds. time: the event's.
    event: the hash of its id. kind: as in `stream.core.columns.Said`, with `readings` and `kinds`.
    carried: the headers of the record at a place that its outputs carry on.
    """

    topics: Sequence[str]
    topic: Ints
    partition: Ints
    offset: Ints
    place: Ints
    part: Ints
    key: Sequence[bytes]
    timestamp: Ints
    time: Ints
    event: Hashes
    kind: Ints
    readings: Sequence[Reading]
    kinds: KindTable
    carried: Callable[[int], Headers]

    def origins(self, events: Ints) -> list[Origin]:
        """The records that brought these events."""
        topics = [self.topics[i] for i in self.topic[events].tolist()]
        numbers = (self.partition[events].tolist(), self.offset[events].tolist(), self.part[events].tolist())
        return [*map(Origin, topics, *numbers)]


def read_arrivals(
    events: Sequence[Event], read: Sequence[Reading], origins: Sequence[Origin], timestamps: Sequence[int]
) -> Arrivals:
    """Events with what they say, where they come from and Kafka's times. Those that say nothing are left out; each
    one's place is that in `events`.
    """
    kept = [i for i, reading in enumerate(read) if reading.carries]
    topics = sorted({origin.topic for origin in origins})
    return Arrivals(
        topics=topics,
        topic=np.array([topics.index(origins[i].topic) for i in kept], np.int64),
        partition=np.array([origins[i].partition for i in kept], np.int64),
        offset=np.array([origins[i].offset for i in kept], np.int64),
        place=np.array(kept, np.int64),
        part=np.array([origins[i].part for i in kept], np.int64),
        key=[events[i].lead.encode() for i in kept],
        timestamp=np.array([timestamps[i] for i in kept], np.int64),
        time=np.array([events[i].time for i in kept], np.int64),
        event=np.array([read[i].event for i in kept], np.uint64),
        kind=-1 - np.arange(len(kept), dtype=np.int64),
        readings=[read[i] for i in kept],
        kinds=NO_KINDS,
        carried=lambda _: [],
    )
