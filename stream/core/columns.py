"""Events as columns: what the kernel reads, in arrays instead of objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stream.core.events import Event
from stream.core.lead import Hashes, Ints
from stream.core.signals import Reading


class Columns(NamedTuple):
    """E events in the order of their leads; a lead's events stay in the order of arrival.

    lead, time, event, outcome, landing: one place an event (lead: index; event: hash of the id; outcome: 0 or 1;
    landing: code, or NO_LANDING). hit_at, tell_at: E + 1 places; event i has the hits hit_at[i] to hit_at[i + 1].
    """

    lead: Ints
    time: Ints
    event: Hashes
    outcome: Ints
    landing: Ints
    hit_at: Ints
    hit_signal: Ints
    hit_value: Ints
    tell_at: Ints
    tell_field: Ints
    tell_value: Ints


@dataclass(frozen=True)
class Batch:
    """Columns with what they were made from. `order[i]` is the place in `events` of column i."""

    events: Sequence[Event]
    leads: Sequence[str]
    order: Ints
    columns: Columns


def read_columns(events: Sequence[Event], read: Sequence[Reading]) -> Batch:
    """Columns of the events with what they say; each carries something (see `Reading.carries`)."""
    index: dict[str, int] = {}
    lead_of = np.fromiter((index.setdefault(each.lead, len(index)) for each in events), np.int64, len(events))
    order = np.argsort(lead_of, kind="stable").astype(np.int64)
    readings = [read[i] for i in order.tolist()]
    hits = [hit for reading in readings for hit in reading.hits]
    tells = [tell for reading in readings for tell in reading.tells]
    columns = Columns(
        lead=lead_of[order],
        time=np.array([events[i].time for i in order.tolist()], np.int64),
        event=np.array([reading.event for reading in readings], np.uint64),
        outcome=np.array([reading.outcome for reading in readings], np.int64),
        landing=np.array([reading.landing for reading in readings], np.int64),
        hit_at=_starts([len(reading.hits) for reading in readings]),
        hit_signal=np.array([signal for signal, _ in hits], np.int64),
        hit_value=np.array([value for _, value in hits], np.int64),
        tell_at=_starts([len(reading.tells) for reading in readings]),
        tell_field=np.array([field for field, _ in tells], np.int64),
        tell_value=np.array([value for _, value in tells], np.int64),
    )
    return Batch(events, list(index), order, columns)


def _starts(lengths: list[int]) -> Ints:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts
