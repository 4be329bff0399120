"""The tiles of a lead: one more occurrence in them, and how they grow coarse."""

from stream.core.kernel import kernel
from stream.core.lead import AS_OF, TILES, Lead
from stream.core.tiles import DAY_UNITS, HOUR_UNITS, first_from, kept_from


@kernel
def add_tile(lead: Lead, size: int, start: int, signal: int, count: int, value: int) -> int:
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
def coarsen(lead: Lead, before: int) -> None:
    """Brings every tile to the length that the lead's latest time asks for, and drops what no window reaches.

    As of `before`, the latest time until now, every tile had the length that it asked for: so only tiles that have
    grown older than a length's reach since then change, which mostly are none.
    """
    starts, tiles = lead.tile_start, lead.sizes[TILES]
    fine, hourly, daily = kept_from(lead.times[AS_OF])
    was_fine, was_hourly, _ = kept_from(before)
    kept = first_from(starts, 0, tiles, daily)
    to_days = first_from(starts, kept, tiles, was_hourly)
    hours = first_from(starts, to_days, tiles, hourly)
    to_hours = first_from(starts, hours, tiles, was_fine)
    rest = first_from(starts, to_hours, tiles, fine)
    if kept == 0 and to_days == hours and to_hours == rest:
        return
    # What was taken out lies before what comes next, so nothing is written over a tile still to come.
    size = _move(lead, kept, to_days, 0)
    size = _lengthen(lead, to_days, hours, size, DAY_UNITS)
    size = _move(lead, hours, to_hours, size)
    size = _lengthen(lead, to_hours, rest, size, HOUR_UNITS)
    lead.sizes[TILES] = _move(lead, rest, tiles, size)


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
        size = add_tile(lead, size, start, lead.tile_signal[i], lead.tile_count[i], lead.tile_sum[i])
    return size
