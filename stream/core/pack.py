"""The packed form of a lead's state: the section of a row that the fold owns. Times are written as ages.

In order: as_of (8 bytes); age of the first event; flags (1 outcome, 2 landed); age of the outcome; age and code of the
landing; tiles (count, then start less the one before, signal + 128 where a sum follows, occurrences, sum); last times
(count, then signal, age); ids (count, then hour less the one before, 8 bytes of hash); notable occurrences (count,
then age, signal, 8 bytes of hash); profile fields (count, then number, age, value).
"""

from typing import Final

import numpy as np

from stream.core.kernel import kernel
from stream.core.lead import (
    AS_OF,
    FIELDS,
    FIRST,
    IDS,
    LANDED,
    LANDING,
    LATER,
    NEVER,
    NOTABLE,
    OUTCOME,
    SIGNALS,
    TILES,
    Lead,
    clear,
)
from stream.core.octets import Octets, get, get_fixed, get_signed, put, put_fixed, put_signed
from stream.core.tiles import HOUR, LATE_HOURS

HAS_OUTCOME: Final = 1
HAS_LANDED: Final = 2
HAS_SUM: Final = 128


@kernel
def packed_limit(lead: Lead) -> int:
    """No fewer bytes than `pack` writes for this lead."""
    return int(
        64 + 32 * lead.sizes[TILES] + 12 * SIGNALS + 18 * lead.sizes[IDS] + 20 * lead.sizes[NOTABLE] + 24 * FIELDS
    )


@kernel
def pack(lead: Lead, out: Octets, at: int) -> int:
    """Writes the lead's state from `at` on; returns the place after it."""
    as_of = lead.times[AS_OF]
    at = put_fixed(out, at, np.uint64(as_of), 8)
    at = put(out, at, as_of - lead.times[FIRST])
    flags = 0
    if lead.times[OUTCOME] != LATER:
        flags |= HAS_OUTCOME
    if lead.times[LANDED] != LATER:
        flags |= HAS_LANDED
    at = put(out, at, flags)
    if flags & HAS_OUTCOME:
        at = put(out, at, as_of - lead.times[OUTCOME])
    if flags & HAS_LANDED:
        at = put(out, at, as_of - lead.times[LANDED])
        at = put(out, at, lead.times[LANDING])
    at = _pack_tiles(lead, out, at)
    at = _pack_last(lead, out, at)
    at = _pack_ids(lead, out, at)
    at = put(out, at, lead.sizes[NOTABLE])
    for i in range(lead.sizes[NOTABLE]):
        at = put(out, at, as_of - lead.notable_time[i])
        at = put(out, at, lead.notable_signal[i])
        at = put_fixed(out, at, lead.notable_hash[i], 8)
    return _pack_fields(lead, out, at)


@kernel
def unpack(data: Octets, at: int, lead: Lead) -> int:
    """Reads what `pack` wrote into the lead; returns the place after it."""
    clear(lead)
    as_of = np.int64(get_fixed(data, at, 8))
    at += 8
    lead.times[AS_OF] = as_of
    age, at = get(data, at)
    lead.times[FIRST] = as_of - age
    flags, at = get(data, at)
    if flags & HAS_OUTCOME:
        age, at = get(data, at)
        lead.times[OUTCOME] = as_of - age
    if flags & HAS_LANDED:
        age, at = get(data, at)
        lead.times[LANDED] = as_of - age
        lead.times[LANDING], at = get(data, at)
    at = _unpack_tiles(data, at, lead)
    known, at = get(data, at)
    for _ in range(known):
        signal, at = get(data, at)
        age, at = get(data, at)
        lead.last[signal] = as_of - age
    at = _unpack_ids(data, at, lead)
    lead.sizes[NOTABLE], at = get(data, at)
    for i in range(lead.sizes[NOTABLE]):
        age, at = get(data, at)
        lead.notable_time[i] = as_of - age
        lead.notable_signal[i], at = get(data, at)
        lead.notable_hash[i] = get_fixed(data, at, 8)
        at += 8
    known, at = get(data, at)
    for _ in range(known):
        field, at = get(data, at)
        age, at = get(data, at)
        lead.field_time[field] = as_of - age
        lead.field_value[field], at = get_signed(data, at)
    return at


@kernel
def _pack_tiles(lead: Lead, out: Octets, at: int) -> int:
    at = put(out, at, lead.sizes[TILES])
    start = 0
    for i in range(lead.sizes[TILES]):
        at = put(out, at, lead.tile_start[i] - start)
        start = lead.tile_start[i]
        if lead.tile_sum[i] != 0:
            out[at] = np.uint8(lead.tile_signal[i] + HAS_SUM)
            at = put(out, at + 1, lead.tile_count[i])
            at = put_signed(out, at, lead.tile_sum[i])
        else:
            out[at] = np.uint8(lead.tile_signal[i])
            at = put(out, at + 1, lead.tile_count[i])
    return at


@kernel
def _unpack_tiles(data: Octets, at: int, lead: Lead) -> int:
    lead.sizes[TILES], at = get(data, at)
    start = 0
    for i in range(lead.sizes[TILES]):
        step, at = get(data, at)
        start += step
        lead.tile_start[i] = start
        signal = np.int64(data[at])
        lead.tile_signal[i] = signal & (HAS_SUM - 1)
        lead.tile_count[i], at = get(data, at + 1)
        lead.tile_sum[i] = 0
        if signal >= HAS_SUM:
            lead.tile_sum[i], at = get_signed(data, at)
    return at


@kernel
def _pack_last(lead: Lead, out: Octets, at: int) -> int:
    known = 0
    for signal in range(SIGNALS):
        if lead.last[signal] != NEVER:
            known += 1
    at = put(out, at, known)
    for signal in range(SIGNALS):
        if lead.last[signal] != NEVER:
            at = put(out, at, signal)
            at = put(out, at, lead.times[AS_OF] - lead.last[signal])
    return at


@kernel
def _pack_ids(lead: Lead, out: Octets, at: int) -> int:
    at = put(out, at, lead.sizes[IDS])
    hour = lead.times[AS_OF] // HOUR - LATE_HOURS
    for i in range(lead.sizes[IDS]):
        at = put(out, at, lead.id_hour[i] - hour)
        hour = lead.id_hour[i]
        at = put_fixed(out, at, lead.id_hash[i], 8)
    return at


@kernel
def _unpack_ids(data: Octets, at: int, lead: Lead) -> int:
    lead.sizes[IDS], at = get(data, at)
    hour = lead.times[AS_OF] // HOUR - LATE_HOURS
    for i in range(lead.sizes[IDS]):
        step, at = get(data, at)
        hour += step
        lead.id_hour[i] = hour
        lead.id_hash[i] = get_fixed(data, at, 8)
        at += 8
    return at


@kernel
def _pack_fields(lead: Lead, out: Octets, at: int) -> int:
    known = 0
    for field in range(FIELDS):
        if lead.field_time[field] != NEVER:
            known += 1
    at = put(out, at, known)
    for field in range(FIELDS):
        if lead.field_time[field] != NEVER:
            at = put(out, at, field)
            at = put(out, at, lead.times[AS_OF] - lead.field_time[field])
            at = put_signed(out, at, lead.field_value[field])
    return at
