"""The feature kernel: a vector from a lead's state and an instant, equal to the last bit wherever it is computed.

Sums are of integers; each float is one division or product of exact numbers, rounded to 32 bits at the end.
"""

from typing import Final

import numpy as np
from numba import njit

from stream.core.lead import (
    FIRST,
    LANDED,
    LANDING,
    LATER,
    NEVER,
    TILES,
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
from stream.core.tiles import DAY_UNITS, FIVE, HOUR, HOUR_UNITS

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]

HOURS_LIMIT: Final = 2160.0


@njit(cache=True)
def compute(lead: Lead, now: int, plan: Plan, out: Vector) -> None:
    """Writes the features of the lead as of `now` (milliseconds, no earlier than its latest event), F floats."""
    spans = plan.windows.shape[0]
    begins = np.empty(spans, np.int64)
    counts = np.zeros((spans, plan.size), np.int64)
    sums = np.zeros((spans, plan.size), np.int64)
    end = lead.sizes[TILES]
    for w in range(spans):
        # From the shortest window on, each holds the one before: only what is new in it has to be added.
        begins[w] = _begin(lead, now, plan.windows[w, 0], plan.windows[w, 1])
        if w > 0:
            counts[w] = counts[w - 1]
            sums[w] = sums[w - 1]
        for i in range(begins[w], end):
            counts[w, lead.tile_signal[i]] += lead.tile_count[i]
            sums[w, lead.tile_signal[i]] += lead.tile_sum[i]
        end = begins[w]
    for f in range(plan.kind.size):
        w = plan.window[f]
        kind = plan.kind[f]
        if kind == COUNT:
            out[f] = _total(counts[w], plan, f)
        elif kind == SUM:
            out[f] = _total(sums[w], plan, f) / 1000.0
        elif kind == BREADTH_SIGNALS:
            out[f] = _breadth(counts[w], plan, f)
        elif kind == BREADTH_CHANNELS:
            out[f] = _channels(counts[w], plan, f)
        elif kind == PER_VISIT:
            visits = _distinct(lead, begins[w], plan.channels[0], HOUR_UNITS)
            out[f] = _total(counts[w], plan, f) / visits if visits > 0 else 0.0
        elif kind == ACTIVE_DAYS:
            out[f] = _distinct(lead, begins[w], plan.signals[f], DAY_UNITS)
        elif kind == INTENSITY:
            out[f] = _intensity(lead, begins[w], now, plan, f) / WEIGHT_ONE
        elif kind == VELOCITY:
            out[f] = _velocity(lead, now, plan.signals[f])
        elif kind == SEQUENCE:
            out[f] = _sequence(lead, begins[w], plan.signals[f], plan.then[f], plan.first[f])
        else:
            out[f] = _lasting(lead, now, plan, f)


@njit(cache=True)
def has(bits: np.uint64, number: int) -> bool:
    """Whether the bit set holds the number."""
    return bool((bits >> np.uint64(number)) & np.uint64(1))


@njit(cache=True)
def _begin(lead: Lead, now: int, window: int, units: int) -> int:
    """Index of the first tile in the window; one past the last where there is none."""
    start = (now - window) // (units * FIVE) * units
    low, high = 0, lead.sizes[TILES]
    while low < high:
        middle = (low + high) // 2
        if lead.tile_start[middle] < start:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _total(numbers: Ints, plan: Plan, f: int) -> int:
    """The sum over the feature's signals."""
    total = 0
    for i in range(plan.member_at[f], plan.member_at[f + 1]):
        total += numbers[plan.members[i]]
    return total


@njit(cache=True)
def _breadth(counts: Ints, plan: Plan, f: int) -> int:
    different = 0
    for i in range(plan.member_at[f], plan.member_at[f + 1]):
        if counts[plan.members[i]] > 0:
            different += 1
    return different


@njit(cache=True)
def _channels(counts: Ints, plan: Plan, f: int) -> int:
    different = 0
    for c in range(plan.channels.size):
        for i in range(plan.member_at[f], plan.member_at[f + 1]):
            if counts[plan.members[i]] > 0 and has(plan.channels[c], plan.members[i]):
                different += 1
                break
    return different


@njit(cache=True)
def _distinct(lead: Lead, begin: int, signals: np.uint64, units: int) -> int:
    """How many tiles of this length hold any of the signals, from tile index `begin` on."""
    different = 0
    before = -1
    for i in range(begin, lead.sizes[TILES]):
        tile = lead.tile_start[i] // units
        if tile != before and has(signals, lead.tile_signal[i]):
            different += 1
            before = tile
    return different


@njit(cache=True)
def _intensity(lead: Lead, begin: int, now: int, plan: Plan, f: int) -> int:
    units = plan.windows[plan.window[f], 1]
    current = now // (units * FIVE)
    total = 0
    for i in range(begin, lead.sizes[TILES]):
        if has(plan.signals[f], lead.tile_signal[i]):
            age = current - lead.tile_start[i] // units
            total += lead.tile_count[i] * plan.weights[plan.first[f] + age]
    return total


@njit(cache=True)
def _velocity(lead: Lead, now: int, signals: np.uint64) -> float:
    today = now // (DAY_UNITS * FIVE)
    recent = 0
    before = 0
    for i in range(lead.sizes[TILES]):
        if has(signals, lead.tile_signal[i]):
            age = today - lead.tile_start[i] // DAY_UNITS
            if age < 7:
                recent += lead.tile_count[i]
            elif age < 28:
                before += lead.tile_count[i]
    return (recent + 1) / (before / 3.0 + 1.0)


@njit(cache=True)
def _sequence(lead: Lead, begin: int, first: np.uint64, then: np.uint64, within: int) -> int:
    """1 where a tile of `then` stands in the same hour as one of `first`, or at most `within` hours after it."""
    led = -(1 << 40)
    followed = -(1 << 40)
    for i in range(begin, lead.sizes[TILES]):
        hour = lead.tile_start[i] // HOUR_UNITS
        if has(first, lead.tile_signal[i]):
            led = hour
            if followed == hour:
                return 1
        if has(then, lead.tile_signal[i]):
            followed = hour
            if hour - led <= within:
                return 1
    return 0


@njit(cache=True)
def _lasting(lead: Lead, now: int, plan: Plan, f: int) -> float:
    """Features that no window bounds."""
    kind = plan.kind[f]
    if kind == RECENCY:
        latest = NEVER
        for i in range(plan.member_at[f], plan.member_at[f + 1]):
            latest = max(latest, lead.last[plan.members[i]])
        return _hours(latest, now)
    if kind == TENURE:
        return _hours(lead.times[FIRST], now)
    if kind == LANDING_PAGE:
        return 1.0 if lead.times[LANDED] != LATER and lead.times[LANDING] == plan.first[f] else 0.0
    if lead.field_time[plan.first[f]] == NEVER:
        return 0.0
    value = lead.field_value[plan.first[f]]
    if kind == PROFILE_NUMBER:
        return float(value / 1000.0)
    return 1.0 if kind == PROFILE_CATEGORY and value == plan.second[f] else 0.0


@njit(cache=True)
def _hours(since: int, now: int) -> float:
    if since == NEVER or since == LATER:
        return HOURS_LIMIT
    return min((now - since) / float(HOUR), HOURS_LIMIT)
