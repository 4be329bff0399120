"""The feature kernel: a vector from a lead's state and an instant, equal to the last bit wherever it is computed.

Sums are of integers; each float is one division or product of exact numbers, rounded to 32 bits at the end.
"""

from typing import Final

import numpy as np

from stream.core.kernel import kernel
from stream.core.lead import (
    FIRST,
    LANDED,
    LANDING,
    LATER,
    NEVER,
    TILES,
    Hashes,
    Ints,
    Lead,
)
from stream.core.plan import (
    ACTIVE_DAYS,
    BREADTH_CHANNELS,
    BREADTH_SIGNALS,
    COUNT,
    INTENSITY,
    LANDING_PAGE,
    PER_VISIT,
    PROFILE_CATEGORY,
    PROFILE_NUMBER,
    RECENCY,
    SEQUENCE,
    SUM,
    TENURE,
    VELOCITY,
    WEIGHT_ONE,
    Plan,
)
from stream.core.tiles import DAY_UNITS, FIVE, HOUR, HOUR_UNITS, first_from

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]

Windows = np.ndarray[tuple[int, int], np.dtype[np.int64]]

HOURS_LIMIT: Final = 2160.0


@kernel
def compute(lead: Lead, now: int, plan: Plan, out: Vector) -> None:
    """Writes the features of the lead as of `now` (milliseconds, no earlier than its latest event), F floats."""
    tiles = lead.sizes[TILES]
    start, signal, count = lead.tile_start, lead.tile_signal, lead.tile_count
    begins, counts, sums, members = plan.begins, plan.counts, plan.sums, plan.members
    _begin_all(start, tiles, now, plan.windows, begins)
    _count_all(signal, count, tiles, begins, plan.size, counts)
    if plan.summed:
        _count_all(signal, lead.tile_sum, tiles, begins, plan.size, sums)
    for f in range(plan.kind.size):
        if plan.count_at[f] >= 0:  # most features are the count of one signal
            out[f] = counts[plan.count_at[f]]
            continue
        kind, w = plan.kind[f], plan.window[f]
        at, first, last = w * plan.size, plan.member_at[f], plan.member_at[f + 1]
        if kind == COUNT:
            out[f] = _total(counts, at, members, first, last)
        elif kind == RECENCY:
            out[f] = _hours(_latest(lead.last, members, first, last), now)
        elif kind == ACTIVE_DAYS:
            out[f] = _distinct(start, signal, begins[w], tiles, plan.signals[f], DAY_UNITS)
        elif kind == BREADTH_SIGNALS:
            out[f] = _breadth(counts, at, members, first, last)
        elif kind == SUM:
            out[f] = _total(sums, at, members, first, last) / 1000.0
        elif kind == BREADTH_CHANNELS:
            out[f] = _channels(counts, at, members, first, last, plan.channels)
        elif kind == PER_VISIT:
            visits = _distinct(start, signal, begins[w], tiles, plan.channels[0], HOUR_UNITS)
            out[f] = _total(counts, at, members, first, last) / visits if visits > 0 else 0.0
        elif kind == INTENSITY:
            units = plan.windows[w, 1]
            decayed = _intensity(
                start, signal, count, begins[w], tiles, now // (units * FIVE), units, plan.signals[f],
                plan.weights, plan.first[f],
            )  # fmt: skip
            out[f] = decayed / WEIGHT_ONE
        elif kind == VELOCITY:
            out[f] = _velocity(start, signal, count, tiles, now, plan.signals[f])
        elif kind == SEQUENCE:
            out[f] = _sequence(start, signal, begins[w], tiles, plan.signals[f], plan.then[f], plan.first[f])
        else:
            out[f] = _lasting(kind, lead.times, lead.field_time, lead.field_value, now, plan.first[f], plan.second[f])


@kernel
def has(bits: np.uint64, number: int) -> bool:
    """Whether the bit set holds the number."""
    return bool((bits >> np.uint64(number)) & np.uint64(1))


@kernel
def _begin_all(start: Ints, tiles: int, now: int, windows: Windows, begins: Ints) -> None:
    """Index of the first tile in each window, the shortest first; one past the last where there is none."""
    end = tiles
    for w in range(begins.size):
        first = (now - windows[w, 0]) // (windows[w, 1] * FIVE) * windows[w, 1]
        end = first_from(start, 0, end, first)
        begins[w] = end


@kernel
def _count_all(signal: Ints, number: Ints, tiles: int, begins: Ints, size: int, totals: Ints) -> None:
    """Totals by window and signal: each window holds the one before, so only what is new in it has to be added."""
    end, at = tiles, 0
    for w in range(begins.size):
        for i in range(size):
            totals[at + i] = totals[at - size + i] if w > 0 else 0
        for i in range(begins[w], end):
            totals[at + signal[i]] += number[i]
        end = begins[w]
        at += size


@kernel
def _total(totals: Ints, at: int, members: Ints, first: int, last: int) -> int:
    """The sum over the feature's signals."""
    total = 0
    for i in range(first, last):
        total += totals[at + members[i]]
    return total


@kernel
def _latest(times: Ints, members: Ints, first: int, last: int) -> int:
    latest = NEVER
    for i in range(first, last):
        latest = max(latest, times[members[i]])
    return latest


@kernel
def _breadth(counts: Ints, at: int, members: Ints, first: int, last: int) -> int:
    different = 0
    for i in range(first, last):
        if counts[at + members[i]] > 0:
            different += 1
    return different


@kernel
def _channels(counts: Ints, at: int, members: Ints, first: int, last: int, channels: Hashes) -> int:
    different = 0
    for c in range(channels.size):
        for i in range(first, last):
            if counts[at + members[i]] > 0 and has(channels[c], members[i]):
                different += 1
                break
    return different


@kernel
def _distinct(start: Ints, signal: Ints, begin: int, end: int, signals: np.uint64, units: int) -> int:
    """How many tiles of this length hold any of the signals, from tile index `begin` on."""
    different = 0
    last = -1  # the end of the tile counted last: no division for each
    for i in range(begin, end):
        if start[i] >= last and has(signals, signal[i]):
            different += 1
            # A division by a constant costs a tenth of one by a variable.
            if units == DAY_UNITS:
                last = (start[i] // DAY_UNITS + 1) * DAY_UNITS
            else:
                last = (start[i] // HOUR_UNITS + 1) * HOUR_UNITS
    return different


@kernel
def _intensity(
    start: Ints,
    signal: Ints,
    count: Ints,
    begin: int,
    end: int,
    current: int,
    units: int,
    signals: np.uint64,
    weights: Ints,
    first: int,
) -> int:
    total = 0
    for i in range(begin, end):
        if has(signals, signal[i]):
            total += count[i] * weights[first + current - start[i] // units]
    return total


@kernel
def _velocity(start: Ints, signal: Ints, count: Ints, end: int, now: int, signals: np.uint64) -> float:
    today = now // (DAY_UNITS * FIVE)
    recent = 0
    before = 0
    for i in range(end):
        if has(signals, signal[i]):
            age = today - start[i] // DAY_UNITS
            if age < 7:
                recent += count[i]
            elif age < 28:
                before += count[i]
    return (recent + 1) / (before / 3.0 + 1.0)


@kernel
def _sequence(start: Ints, signal: Ints, begin: int, end: int, first: np.uint64, then: np.uint64, within: int) -> int:
    """1 where a tile of `then` stands in the same hour as one of `first`, or at most `within` hours after it."""
    led = -(1 << 40)
    followed = -(1 << 40)
    for i in range(begin, end):
        hour = start[i] // HOUR_UNITS
        if has(first, signal[i]):
            led = hour
            if followed == hour:
                return 1
        if has(then, signal[i]):
            followed = hour
            if hour - led <= within:
                return 1
    return 0


@kernel
def _lasting(kind: int, times: Ints, field_time: Ints, field_value: Ints, now: int, first: int, second: int) -> float:
    """Features that no window bounds."""
    if kind == TENURE:
        return _hours(times[FIRST], now)
    if kind == LANDING_PAGE:
        return 1.0 if times[LANDED] != LATER and times[LANDING] == first else 0.0
    if field_time[first] == NEVER:
        return 0.0
    value = field_value[first]
    if kind == PROFILE_NUMBER:
        return float(value / 1000.0)
    return 1.0 if kind == PROFILE_CATEGORY and value == second else 0.0


@kernel
def _hours(since: int, now: int) -> float:
    if since == NEVER or since == LATER:
        return HOURS_LIMIT
    return min((now - since) / float(HOUR), HOURS_LIMIT)
