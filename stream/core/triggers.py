"""What caused each of N updates: as JSON for its records, and as bytes for their names."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from schemas.times import format_time
from stream.core.arrivals import Arrivals
from stream.core.ids import Tick, origin_of
from stream.core.lead import Ints
from stream.core.numerals import wholes
from stream.core.texts import Texts, joined, quoted, texts_of, where


class Triggers(NamedTuple):
    """told: a `schemas.records.Trigger` or `Tick` each. origins: what `stream.core.ids.origin_of` gives for each."""

    told: Texts
    origins: Sequence[bytes]

    def cut(self, part: slice) -> "Triggers":
        """Some of them."""
        return Triggers(self.told.cut(part.start, part.stop), self.origins[part])


def triggered_by(arrivals: Arrivals, events: Ints) -> Triggers:
    """The records that brought these events."""
    size, topic = len(events), arrivals.topic[events]
    partition, offset, part = (
        wholes(column[events]) for column in (arrivals.partition, arrivals.offset, arrivals.part)
    )
    several = arrivals.part[events] > 0
    told = joined(
        size, b'{"topic":', texts_of([*map(quoted, arrivals.topics)]).pick(topic), b',"partition":', partition,
        b',"offset":', offset, where(several, joined(size, b',"part":', part), b""), b"}",
    )  # fmt: skip
    origins = joined(
        size, texts_of([arrivals.key[i] for i in events.tolist()]), b"\0",
        texts_of([name.encode() for name in arrivals.topics]).pick(topic), b"\0", partition, b"\0", offset, b"\0",
        where(several, joined(size, part, b"\0"), b""),
    )  # fmt: skip
    return Triggers(told, origins.each())


def ticked(leads: Sequence[bytes], tick: Tick) -> Triggers:
    """The sweep, for each of these leads."""
    told = texts_of([b'{"tick":"%b"}' % format_time(tick.instant).encode()])
    return Triggers(told.pick(np.zeros(len(leads), np.int64)), [origin_of(lead, tick) for lead in leads])
