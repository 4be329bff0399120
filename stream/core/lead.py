"""The state of one lead, unpacked, and the fold of one event into it.

Everything is an integer, and every update is an addition, a minimum, a maximum or the insertion into an ordered set,
so the order of events cannot change the result. Events of one id are one event: the first to arrive counts.
"""

from typing import Final, NamedTuple

import numpy as np

from stream.core.kernel import kernel
from stream.core.tiles import DAY_UNITS, HOUR, HOUR_UNITS, LATE_HOURS, kept_from, kept_start

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

NEVER: Final = -(1 << 62)
LATER: Final = 1 << 62

# Places in `times`: times in milliseconds since 1970.
FIRST: Final = 0
AS_OF: Final = 1
OUTCOME: Final = 2
LANDED: Final = 3
LANDING: Final = 4
TIMES: Final = 5

# Places in `sizes`.
TILES: Final = 0
IDS: Final = 1
NOTABLE: Final = 2
SIZES: Final = 3

SIGNALS: Final = 64
FIELDS: Final = 32
NOTABLE_KEPT: Final = 8
IDS_KEPT: Final = 4096

NO_LANDING: Final = -1
"""The landing code of an event that is no page."""

COUNTED: Final = 0
DUPLICATE: Final = 1
LATE: Final = 2


class Lead(NamedTuple):
    """One lead, in arrays that are used again for the next. Unused places have no meaning.

    times: FIRST and AS_OF event (LATER/NEVER without one), OUTCOME (LATER without), LANDED with the code LANDING.
    tile_*: the tiles with activity, ordered by (start, signal): occurrences and summed values in thousandths.
    last: latest time by signal (NEVER without one).
    id_*: hash and hour of the recent event ids, ordered by (hour, hash).
    notable_*: the latest notable occurrences, ordered by (time, signal, hash).
    field_*: time and value by profile field (NEVER without one): thousandths, or the code of a category.
    """

    times: Ints
    sizes: Ints
    tile_start: Ints
    tile_signal: Ints
    tile_count: Ints
    tile_sum: Ints
    last: Ints
    id_hash: Hashes
    id_hour: Ints
    notable_time: Ints
    notable_signal: Ints
    notable_hash: Hashes
    field_time: Ints
    field_value: Ints


def new_lead() -> Lead:
    """Arrays for any lead: room for every tile of every signal."""
    tiles = SIGNALS * (13 * 12 + 13 * 24 + 93)
    lead = Lead(
        times=np.zeros(TIMES, np.int64),
        sizes=np.zeros(SIZES, np.int64),
        tile_start=np.zeros(tiles, np.int64),
        tile_signal=np.zeros(tiles, np.int64),
        tile_count=np.zeros(tiles, np.int64),
        tile_sum=np.zeros(tiles, np.int64),
        last=np.zeros(SIGNALS, np.int64),
        id_hash=np.zeros(IDS_KEPT, np.uint64),
        id_hour=np.zeros(IDS_KEPT, np.int64),
        notable_time=np.zeros(NOTABLE_KEPT + 1, np.int64),
        notable_signal=np.zeros(NOTABLE_KEPT + 1, np.int64),
        notable_hash=np.zeros(NOTABLE_KEPT + 1, np.uint64),
        field_time=np.zeros(FIELDS, np.int64),
        field_value=np.zeros(FIELDS, np.int64),
    )
    clear(lead)
    return lead


@kernel
def clear(lead: Lead) -> None:
    """Makes it a lead that nothing is known of."""
    lead.times[FIRST] = LATER
    lead.times[AS_OF] = NEVER
    lead.times[OUTCOME] = LATER
    lead.times[LANDED] = LATER
    lead.times[LANDING] = 0
    lead.sizes[:] = 0
    lead.last[:] = NEVER
    lead.field_time[:] = NEVER
    lead.field_value[:] = 0


@kernel
def admit(lead: Lead, time: int, event: np.uint64) -> int:
    """Decides on an event by its time and the hash of its id: COUNTED, DUPLICATE or LATE.

    A counted one is remembered and the lead's latest time moves on, which makes old tiles coarser.
    """
    as_of = lead.times[AS_OF]
    if as_of != NEVER and time // HOUR < as_of // HOUR - LATE_HOURS:
        return LATE
    ids = lead.sizes[IDS]
    for i in range(ids):
        if lead.id_hash[i] == event:
            return DUPLICATE
    lead.times[FIRST] = min(lead.times[FIRST], time)
    if time > as_of:
        lead.times[AS_OF] = time
        if as_of != NEVER and time // HOUR != as_of // HOUR:
            _coarsen(lead)
            _forget_ids(lead)
    _remember(lead, time // HOUR, event)
    return COUNTED


@kernel
def occur(lead: Lead, time: int, signal: int, value: int) -> None:
    """Adds one occurrence of a signal to its tile."""
    lead.last[signal] = max(lead.last[signal], time)
    start = kept_start(time, lead.times[AS_OF])
    if start >= 0:
        _add(lead, lead.sizes[TILES], start, signal, 1, value)


@kernel
def note(lead: Lead, time: int, signal: int, event: np.uint64) -> None:
    """Keeps a notable occurrence while it is among the latest."""
    n = lead.sizes[NOTABLE]
    at = n
    while at > 0 and (
        lead.notable_time[at - 1] > time
        or (
            lead.notable_time[at - 1] == time
            and (
                lead.notable_signal[at - 1] > signal
                or (lead.notable_signal[at - 1] == signal and lead.notable_hash[at - 1] > event)
            )
        )
    ):
        at -= 1
    for i in range(n, at, -1):
        lead.notable_time[i] = lead.notable_time[i - 1]
        lead.notable_signal[i] = lead.notable_signal[i - 1]
        lead.notable_hash[i] = lead.notable_hash[i - 1]
    lead.notable_time[at] = time
    lead.notable_signal[at] = signal
    lead.notable_hash[at] = event
    if n < NOTABLE_KEPT:
        lead.sizes[NOTABLE] = n + 1
        return
    for i in range(NOTABLE_KEPT):
        lead.notable_time[i] = lead.notable_time[i + 1]
        lead.notable_signal[i] = lead.notable_signal[i + 1]
        lead.notable_hash[i] = lead.notable_hash[i + 1]


@kernel
def tell(lead: Lead, time: int, field: int, value: int) -> None:
    """Sets a profile field where this is its latest value; of two at one time the larger counts."""
    if time > lead.field_time[field] or (time == lead.field_time[field] and value > lead.field_value[field]):
        lead.field_time[field] = time
        lead.field_value[field] = value


@kernel
def land(lead: Lead, time: int, code: int) -> None:
    """Takes the page as the first one where it is the earliest; of two at one time the smaller code counts."""
    if time < lead.times[LANDED] or (time == lead.times[LANDED] and code < lead.times[LANDING]):
        lead.times[LANDED] = time
        lead.times[LANDING] = code


@kernel
def convert(lead: Lead, time: int) -> None:
    """Records the outcome; the earliest counts."""
    lead.times[OUTCOME] = min(lead.times[OUTCOME], time)


@kernel
def _add(lead: Lead, size: int, start: int, signal: int, count: int, value: int) -> int:
    """Adds to the tile among the first `size`, which stay ordered; returns the new size."""
    at = size
    while at > 0 and (
        lead.tile_start[at - 1] > start or (lead.tile_start[at - 1] == start and lead.tile_signal[at - 1] >= signal)
    ):
        at -= 1
    if at < size and lead.tile_start[at] == start and lead.tile_signal[at] == signal:
        lead.tile_count[at] += count
        lead.tile_sum[at] += value
        lead.sizes[TILES] = size
        return size
    for i in range(size, at, -1):
        lead.tile_start[i] = lead.tile_start[i - 1]
        lead.tile_signal[i] = lead.tile_signal[i - 1]
        lead.tile_count[i] = lead.tile_count[i - 1]
        lead.tile_sum[i] = lead.tile_sum[i - 1]
    lead.tile_start[at] = start
    lead.tile_signal[at] = signal
    lead.tile_count[at] = count
    lead.tile_sum[at] = value
    lead.sizes[TILES] = size + 1
    return size + 1


@kernel
def _coarsen(lead: Lead) -> None:
    """Brings every tile to the length that the lead's latest time asks for, and drops what no window reaches."""
    fine, hourly, daily = kept_from(lead.times[AS_OF])
    tiles, size = lead.sizes[TILES], 0
    if tiles > 0 and lead.tile_start[0] >= daily:  # nothing to drop, so the days at the beginning stay as they are
        while size < tiles and lead.tile_start[size] < hourly and lead.tile_start[size] % DAY_UNITS == 0:
            size += 1
    for i in range(size, tiles):
        start = lead.tile_start[i]
        if start < daily:
            continue
        if start < hourly:
            start = start // DAY_UNITS * DAY_UNITS
        elif start < fine:
            start = start // HOUR_UNITS * HOUR_UNITS
        # What was taken out lies before i, so writing at or before `size` never touches a tile still to come.
        size = _add(lead, size, start, lead.tile_signal[i], lead.tile_count[i], lead.tile_sum[i])
    lead.sizes[TILES] = size


@kernel
def _forget_ids(lead: Lead) -> None:
    oldest = lead.times[AS_OF] // HOUR - LATE_HOURS
    size = lead.sizes[IDS]
    gone = 0
    while gone < size and lead.id_hour[gone] < oldest:
        gone += 1
    _shift_ids(lead, gone)


@kernel
def _shift_ids(lead: Lead, gone: int) -> None:
    size = lead.sizes[IDS] - gone
    if gone > 0:
        for i in range(size):
            lead.id_hash[i] = lead.id_hash[i + gone]
            lead.id_hour[i] = lead.id_hour[i + gone]
        lead.sizes[IDS] = size


@kernel
def _remember(lead: Lead, hour: int, event: np.uint64) -> None:
    if lead.sizes[IDS] == IDS_KEPT:
        # A lead with thousands of events in the horizon is a machine; its oldest ids give way, this one if it is that.
        if hour < lead.id_hour[0] or (hour == lead.id_hour[0] and event < lead.id_hash[0]):
            return
        _shift_ids(lead, 1)
    size = lead.sizes[IDS]
    at = size
    while at > 0 and (lead.id_hour[at - 1] > hour or (lead.id_hour[at - 1] == hour and lead.id_hash[at - 1] > event)):
        at -= 1
    for i in range(size, at, -1):
        lead.id_hash[i] = lead.id_hash[i - 1]
        lead.id_hour[i] = lead.id_hour[i - 1]
    lead.id_hash[at] = event
    lead.id_hour[at] = hour
    lead.sizes[IDS] = size + 1
