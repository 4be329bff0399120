"""The state of one lead, unpacked. Everything in it is an integer."""

from typing import Final, NamedTuple

import numpy as np

from stream.core.kernel import kernel

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
