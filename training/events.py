"""Events of a log as arrays in as few bytes as they need, and as the columns that the core folds."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from stream.core.columns import Columns
from stream.core.lead import Flags, Hashes, Ints
from stream.core.octets import Octets

Codes = np.ndarray[tuple[int], np.dtype[np.int32]]
Places = np.ndarray[tuple[int], np.dtype[np.int16]]

COUNTS: Final = 1
"""Mark of an event that is the target's outcome."""
ENDS: Final = 2
"""Mark of one that ends a lead without being its outcome."""
CONVERTS: Final = 4
"""Mark of one that is `observed.outcome`, with which the worker ends a lead."""
SILENT: Final = 8
"""Mark of one that the worker drops: it is here for the target's sake alone, and no feature may know of it."""


class Events(NamedTuple):
    """E events. lead: number. time: in milliseconds. event: hash of the id. landing: as in `stream.core.columns`.

    hits, tells: how many of the H hits and T tells are each event's, in their order.
    """

    lead: Codes
    time: Ints
    event: Hashes
    marks: Octets
    landing: Places
    hits: Octets
    hit_signal: Octets
    hit_value: Ints
    tells: Octets
    tell_field: Octets
    tell_value: Ints


def no_events() -> Events:
    """None of them, to begin with."""
    return Events(
        lead=np.zeros(0, np.int32),
        time=np.zeros(0, np.int64),
        event=np.zeros(0, np.uint64),
        marks=np.zeros(0, np.uint8),
        landing=np.zeros(0, np.int16),
        hits=np.zeros(0, np.uint8),
        hit_signal=np.zeros(0, np.uint8),
        hit_value=np.zeros(0, np.int64),
        tells=np.zeros(0, np.uint8),
        tell_field=np.zeros(0, np.uint8),
        tell_value=np.zeros(0, np.int64),
    )


def joined(parts: Sequence[Events]) -> Events:
    """All of them, one after the other."""
    return Events(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def taken(events: Events, places: Ints) -> Events:
    """Those at these places, in this order."""
    _, hit = runs(starts(events.hits), places)
    _, tell = runs(starts(events.tells), places)
    return Events(
        lead=events.lead[places],
        time=events.time[places],
        event=events.event[places],
        marks=events.marks[places],
        landing=events.landing[places],
        hits=events.hits[places],
        hit_signal=events.hit_signal[hit],
        hit_value=events.hit_value[hit],
        tells=events.tells[places],
        tell_field=events.tell_field[tell],
        tell_value=events.tell_value[tell],
    )


def columns(events: Events) -> Columns:
    """What the worker would fold of them, by (lead, time, place in the log)."""
    folded: Flags = (events.marks & SILENT) == 0
    order = np.lexsort((events.time, events.lead))
    ordered = taken(events, order[folded[order]])
    return Columns(
        lead=ordered.lead.astype(np.int64),
        time=ordered.time,
        event=ordered.event,
        outcome=((ordered.marks & CONVERTS) != 0).astype(np.int64),
        landing=ordered.landing.astype(np.int64),
        hit_at=starts(ordered.hits),
        hit_signal=ordered.hit_signal.astype(np.int64),
        hit_value=ordered.hit_value,
        tell_at=starts(ordered.tells),
        tell_field=ordered.tell_field.astype(np.int64),
        tell_value=ordered.tell_value,
    )


def repeated(found: Columns) -> Flags:
    """Of events by (lead, time), those whose lead has an earlier one of the same id."""
    order = np.lexsort((found.event, found.lead))
    again = (found.lead[order][1:] == found.lead[order][:-1]) & (found.event[order][1:] == found.event[order][:-1])
    flags = np.zeros(len(order), np.bool_)
    flags[order[1:][again]] = True
    return flags


def starts(lengths: Ints | Octets) -> Ints:
    """Where each of these runs begins, and where the last one ends."""
    at = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=at[1:])
    return at


def runs(at: Ints, places: Ints) -> tuple[Ints, Ints]:
    """The runs at these places, end to end: where each of them begins now, and the old place of every item."""
    begin = at[:-1][places]
    new = starts(at[1:][places] - begin)
    return new, np.repeat(begin - new[:-1], np.diff(new)) + np.arange(new[-1])
