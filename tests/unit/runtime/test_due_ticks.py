"""When a sweep is due: by event time, by the clock where all is read and silent, and never ahead of the clock."""

from schemas.times import DAY, HOUR, MINUTE
from stream.runtime.partition_row import Clock
from stream.runtime.sweep import due_tick

EVERY = 6 * HOUR
QUIET = 10 * MINUTE
NOON = 1_772_366_400_000
"""2026-03-01T12:00:00Z, a whole multiple of EVERY."""


def due(watermark: int, *, now: int = NOON + DAY, silent: int | None = None, tick: int = NOON) -> int | None:
    return due_tick(Clock(watermark, tick), EVERY, QUIET, now, silent)


def test_a_sweep_is_due_when_event_time_passes_a_multiple() -> None:
    assert due(NOON + EVERY - 1) is None
    assert due(NOON + EVERY) == NOON + EVERY


def test_of_several_that_are_due_the_latest_counts() -> None:
    assert due(NOON + 3 * EVERY + HOUR) == NOON + 3 * EVERY


def test_the_clock_takes_over_after_silence_where_nothing_is_left_to_read() -> None:
    assert due(NOON + HOUR, silent=QUIET - 1) is None
    assert due(NOON + HOUR, silent=QUIET) == NOON + DAY - EVERY
    assert due(NOON + HOUR, silent=QUIET, now=NOON + DAY + QUIET) == NOON + DAY


def test_a_backlog_has_its_own_time_however_long_it_pauses() -> None:
    assert due(NOON + HOUR, silent=None) is None


def test_no_stamp_brings_a_sweep_ahead_of_the_clock() -> None:
    assert due(NOON + 400 * DAY) == NOON + DAY
    assert due(NOON + 400 * DAY, tick=NOON + DAY) is None


def test_a_clock_that_is_set_back_sweeps_nothing_anew() -> None:
    assert due(NOON + HOUR, now=NOON - DAY, silent=QUIET) is None


def test_a_partition_without_events_has_no_time() -> None:
    assert due(0, silent=QUIET, tick=0) is None
