"""The fold of one event into a lead's state.

Every update is an addition, a minimum, a maximum or the insertion into an ordered set, so the order of events cannot
change the result. Events of one id are one event: the first to arrive counts.
"""

import numpy as np

from stream.core.kernel import kernel
from stream.core.lead import (
    AS_OF,
    COUNTED,
    DUPLICATE,
    FIRST,
    IDS,
    IDS_KEPT,
    LANDED,
    LANDING,
    LATE,
    NEVER,
    NOTABLE,
    NOTABLE_KEPT,
    OUTCOME,
    TILES,
    Hashes,
    Lead,
)
from stream.core.lead_tiles import add_tile, coarsen
from stream.core.tiles import HOUR, LATE_HOURS, kept_start


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
            coarsen(lead, as_of)
            _forget_ids(lead)
    _remember(lead, time // HOUR, event)
    return COUNTED


@kernel
def occur(lead: Lead, time: int, signal: int, value: int) -> None:
    """Adds one occurrence of a signal to its tile."""
    lead.last[signal] = max(lead.last[signal], time)
    start = kept_start(time, lead.times[AS_OF])
    if start >= 0:
        add_tile(lead, lead.sizes[TILES], start, signal, 1, value)


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
