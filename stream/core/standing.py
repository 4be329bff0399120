"""Where a lead stands: what was last scored, last told and last alerted, and its range of scores by hour.

Log-odds are 32-bit floats as the model gave them; their bits are stored, so that a comparison after a restart is the
comparison before it.
"""

from typing import Final, NamedTuple

import numpy as np

from stream.core.features import Vector
from stream.core.kernel import kernel
from stream.core.lead import Hashes, Ints
from stream.core.octets import Octets, get, get_fixed, put, put_fixed

Bits = np.ndarray[tuple[int], np.dtype[np.uint32]]

# Places in `numbers`.
SEQUENCE: Final = 0
SCORED_TIER: Final = 1
TOLD_TIER: Final = 2
TOLD_PERCENTILE: Final = 3
ALERTED: Final = 4
HOURS: Final = 5
CLOCK: Final = 6
NUMBERS: Final = 7

# Places in `log_odds`.
SCORED: Final = 0
TOLD: Final = 1
TOLD_REBASED: Final = 2
LOG_ODDS: Final = 3

# Places in `models`.
SCORED_BY: Final = 0
TOLD_BY: Final = 1

NO_PERCENTILE: Final = 255
NEVER_ALERTED: Final = 0
HOURS_KEPT: Final = 192


class Standing(NamedTuple):
    """One lead's standing, in arrays that are used again for the next.

    numbers: SEQUENCE of the last score change (0: none yet), SCORED_TIER, TOLD_TIER (0 is the highest),
    TOLD_PERCENTILE, time of the last alert (ALERTED), HOURS in use, the instant of the last sweep (CLOCK; 0: none yet).
    log_odds: the latest (SCORED), of the last score change (TOLD), and that with the shifts of later model
    swaps (TOLD_REBASED). models: numbers of the models that gave SCORED and TOLD; 0 for a lead never scored.
    hour, low, high: the lowest and highest log-odds in each hour of the spike window, by the present model.
    """

    numbers: Ints
    log_odds: Vector
    log_odds_bits: Bits
    models: Hashes
    hour: Ints
    low: Vector
    low_bits: Bits
    high: Vector
    high_bits: Bits


def new_standing() -> Standing:
    """Arrays for any lead. The `_bits` are the same memory as the floats beside them."""
    log_odds, low, high = (np.zeros(size, np.float32) for size in (LOG_ODDS, HOURS_KEPT, HOURS_KEPT))
    return Standing(
        numbers=np.zeros(NUMBERS, np.int64),
        log_odds=log_odds,
        log_odds_bits=log_odds.view(np.uint32),
        models=np.zeros(2, np.uint64),
        hour=np.zeros(HOURS_KEPT, np.int64),
        low=low,
        low_bits=low.view(np.uint32),
        high=high,
        high_bits=high.view(np.uint32),
    )


@kernel
def clear_standing(standing: Standing) -> None:
    """Makes it that of a lead never scored."""
    standing.numbers[:] = 0
    standing.log_odds[:] = 0
    standing.models[:] = 0


@kernel
def pack_standing(standing: Standing, out: Octets, at: int) -> int:
    """Writes models, CLOCK, other numbers, log-odds and hours (each less the one before); returns the place after."""
    for i in range(2):
        at = put_fixed(out, at, standing.models[i], 8)
    at = put_fixed(out, at, np.uint64(standing.numbers[CLOCK]), 8)
    for i in range(CLOCK):
        at = put(out, at, standing.numbers[i])
    for i in range(LOG_ODDS):
        at = put_fixed(out, at, np.uint64(standing.log_odds_bits[i]), 4)
    before = 0
    for i in range(standing.numbers[HOURS]):
        at = put(out, at, standing.hour[i] - before)
        before = standing.hour[i]
        at = put_fixed(out, at, np.uint64(standing.low_bits[i]), 4)
        at = put_fixed(out, at, np.uint64(standing.high_bits[i]), 4)
    return at


@kernel
def unpack_standing(data: Octets, at: int, standing: Standing) -> int:
    """Reads what `pack_standing` wrote; returns the place after it."""
    for i in range(2):
        standing.models[i] = get_fixed(data, at, 8)
        at += 8
    standing.numbers[CLOCK] = np.int64(get_fixed(data, at, 8))
    at += 8
    for i in range(CLOCK):
        standing.numbers[i], at = get(data, at)
    for i in range(LOG_ODDS):
        standing.log_odds_bits[i] = get_fixed(data, at, 4)
        at += 4
    hour = 0
    for i in range(standing.numbers[HOURS]):
        step, at = get(data, at)
        hour += step
        standing.hour[i] = hour
        standing.low_bits[i] = get_fixed(data, at, 4)
        standing.high_bits[i] = get_fixed(data, at + 4, 4)
        at += 8
    return at


@kernel
def scored_rank(data: Octets, at: int) -> int:
    """A whole number that rises with the log-odds scored last, of a packed standing of which nothing else is read."""
    at += 24
    for _ in range(CLOCK):
        _, at = get(data, at)
    bits = np.int64(get_fixed(data, at + 4 * SCORED, 4))
    return int(bits if bits < 1 << 31 else (1 << 31) - bits)


@kernel
def standing_limit(standing: Standing) -> int:
    """No fewer bytes than `pack_standing` writes."""
    return 9 * NUMBERS + 4 * LOG_ODDS + 16 + 17 * int(standing.numbers[HOURS])


@kernel
def rise_above(standing: Standing, scored: np.float32, hour: int, window: int) -> np.float32:
    """How far the score is above the lowest of the window; 0 where it is not, or where there is none."""
    rise = np.float32(0)
    for i in range(standing.numbers[HOURS]):
        if hour - standing.hour[i] <= window:
            rise = max(rise, np.float32(scored - standing.low[i]))
    return rise


@kernel
def widen(standing: Standing, scored: np.float32, hour: int, window: int) -> None:
    """Adds the score to its hour and forgets the hours outside the window."""
    kept = 0
    for i in range(standing.numbers[HOURS]):
        if hour - standing.hour[i] <= window:
            standing.hour[kept] = standing.hour[i]
            standing.low[kept] = standing.low[i]
            standing.high[kept] = standing.high[i]
            kept += 1
    if kept > 0 and standing.hour[kept - 1] == hour:
        standing.low[kept - 1] = min(standing.low[kept - 1], scored)
        standing.high[kept - 1] = max(standing.high[kept - 1], scored)
    else:
        assert kept < HOURS_KEPT
        standing.hour[kept] = hour
        standing.low[kept] = scored
        standing.high[kept] = scored
        kept += 1
    standing.numbers[HOURS] = kept
