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
    if _is_known(lead.id_hash, lead.sizes[IDS], event):
        return DUPLICATE
    lead.times[FIRST] = min(lead.times[FIRST], time)
    if time > as_of:
        lead.times[AS_OF] = time
        if as_of != NEVER and time // HOUR != as_of // HOUR:
            _coarsen(lead, as_of)
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
def _is_known(hashes: Hashes, size: int, event: np.uint64) -> bool:
    """Whether the event is among the first `size`. Nearly none is: to look at all of them, without a way out of the
    loop, lets the compiler take eight at a time.
    """
    found = False
    for i in range(np.uint64(size)):
        found |= hashes[i] == event
    return found


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
def _coarsen(lead: Lead, before: int) -> None:
    """Brings every tile to the length that the lead's latest time asks for, and drops what no window reaches.

    As of `before`, the latest time until now, every tile had the length that it asked for: so only tiles that have
    grown older than a length's reach since then change, which mostly are none.
    """
    starts, tiles = lead.tile_start, lead.sizes[TILES]
    fine, hourly, daily = kept_from(lead.times[AS_OF])
    was_fine, was_hourly, _ = kept_from(before)
    kept = _first_from(starts, 0, tiles, daily)
    to_days = _first_from(starts, kept, tiles, was_hourly)
    hours = _first_from(starts, to_days, tiles, hourly)
    to_hours = _first_from(starts, hours, tiles, was_fine)
    rest = _first_from(starts, to_hours, tiles, fine)
    if kept == 0 and to_days == hours and to_hours == rest:
        return
    # What was taken out lies before what comes next, so nothing is written over a tile still to come.
    size = _move(lead, kept, to_days, 0)
    size = _lengthen(lead, to_days, hours, size, DAY_UNITS)
    size = _move(lead, hours, to_hours, size)
    size = _lengthen(lead, to_hours, rest, size, HOUR_UNITS)
    lead.sizes[TILES] = _move(lead, rest, tiles, size)


@kernel
def _first_from(starts: Ints, low: int, high: int, start: int) -> int:
    """The first of the places `low` to `high` whose tile begins at `start` or later; `high` where none does."""
    while low < high:
        middle = (low + high) // 2
        if starts[middle] < start:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _move(lead: Lead, first: int, end: int, size: int) -> int:
    """Moves tiles down to behind the first `size`; how many there are then."""
    if size != first:
        for i in range(first, end):
            at = size + i - first
            lead.tile_start[at] = lead.tile_start[i]
            lead.tile_signal[at] = lead.tile_signal[i]
            lead.tile_count[at] = lead.tile_count[i]
            lead.tile_sum[at] = lead.tile_sum[i]
    return size + end - first


@kernel
def _lengthen(lead: Lead, first: int, end: int, size: int, units: int) -> int:
    """Adds tiles to the first `size`, as tiles of this length; how many there are then."""
    for i in range(first, end):
        start = lead.tile_start[i] // units * units
        size = _add(lead, size, start, lead.tile_signal[i], lead.tile_count[i], lead.tile_sum[i])
    return size


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
