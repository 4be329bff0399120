"""Events as columns: what the kernel reads, in arrays instead of objects."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream.core.kernel import kernel
from stream.core.kinds import KindTable
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


class Said(NamedTuple):
    """What E events say, in the order of arrival. lead: index. event: hash of the id. kind: the place in the table of
    kinds of one that its kind says everything about; -1 - i for one that has reading i.
    """

    lead: Ints
    time: Ints
    event: Hashes
    kind: Ints


class _Readings(NamedTuple):
    """Readings as arrays."""

    outcome: Ints
    landing: Ints
    hit_at: Ints
    hit_signal: Ints
    hit_value: Ints
    tell_at: Ints
    tell_field: Ints
    tell_value: Ints


def arrange(said: Said, leads: int, readings: Sequence[Reading], kinds: KindTable) -> tuple[Columns, Ints]:
    """The columns of the events, of so many leads, and the place in the order of arrival of each column."""
    read = _gather(readings)
    size = len(said.time)
    order = np.empty(size, np.int64)
    hits, tells = _order(said, read, kinds, np.zeros(leads + 1, np.int64), order)
    columns = Columns(
        lead=np.empty(size, np.int64),
        time=np.empty(size, np.int64),
        event=np.empty(size, np.uint64),
        outcome=np.empty(size, np.int64),
        landing=np.empty(size, np.int64),
        hit_at=np.zeros(size + 1, np.int64),
        hit_signal=np.empty(hits, np.int64),
        hit_value=np.zeros(hits, np.int64),
        tell_at=np.zeros(size + 1, np.int64),
        tell_field=np.empty(tells, np.int64),
        tell_value=np.empty(tells, np.int64),
    )
    _fill(said, order, read, kinds, columns)
    return columns, order


def _gather(readings: Sequence[Reading]) -> _Readings:
    hits = [hit for reading in readings for hit in reading.hits]
    tells = [tell for reading in readings for tell in reading.tells]
    return _Readings(
        outcome=np.array([reading.outcome for reading in readings], np.int64),
        landing=np.array([reading.landing for reading in readings], np.int64),
        hit_at=_starts([len(reading.hits) for reading in readings]),
        hit_signal=np.array([signal for signal, _ in hits], np.int64),
        hit_value=np.array([value for _, value in hits], np.int64),
        tell_at=_starts([len(reading.tells) for reading in readings]),
        tell_field=np.array([field for field, _ in tells], np.int64),
        tell_value=np.array([value for _, value in tells], np.int64),
    )


def _starts(lengths: list[int]) -> Ints:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


@kernel
def _order(said: Said, read: _Readings, kinds: KindTable, next_: Ints, order: Ints) -> tuple[int, int]:
    """Fills `order` with places by lead, each lead's in the order of arrival; how many hits and tells there are in all.

    `next_`: zeros, one more than there are leads.
    """
    for i in range(said.lead.size):
        next_[said.lead[i] + 1] += 1
    for lead in range(next_.size - 1):
        next_[lead + 1] += next_[lead]
    hits, tells = 0, 0
    for i in range(said.lead.size):
        order[next_[said.lead[i]]] = i
        next_[said.lead[i]] += 1
        kind = said.kind[i]
        if kind >= 0:
            hits += kinds.hit_at[kind + 1] - kinds.hit_at[kind]
        else:
            hits += read.hit_at[-kind] - read.hit_at[-kind - 1]
            tells += read.tell_at[-kind] - read.tell_at[-kind - 1]
    return hits, tells


@kernel
def _fill(said: Said, order: Ints, read: _Readings, kinds: KindTable, out: Columns) -> None:
    hit, tell = 0, 0
    for place in range(order.size):
        i = order[place]
        out.lead[place], out.time[place], out.event[place] = said.lead[i], said.time[i], said.event[i]
        kind = said.kind[i]
        if kind >= 0:
            out.outcome[place] = 1 if kinds.outcome[kind] else 0
            out.landing[place] = kinds.landing[kind]
            for j in range(kinds.hit_at[kind], kinds.hit_at[kind + 1]):
                out.hit_signal[hit] = kinds.hit_signal[j]
                hit += 1
        else:
            of = -kind - 1
            out.outcome[place], out.landing[place] = read.outcome[of], read.landing[of]
            for j in range(read.hit_at[of], read.hit_at[of + 1]):
                out.hit_signal[hit], out.hit_value[hit] = read.hit_signal[j], read.hit_value[j]
                hit += 1
            for j in range(read.tell_at[of], read.tell_at[of + 1]):
                out.tell_field[tell], out.tell_value[tell] = read.tell_field[j], read.tell_value[j]
                tell += 1
        out.hit_at[place + 1], out.tell_at[place + 1] = hit, tell
