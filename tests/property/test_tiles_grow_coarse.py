"""The bounds by which stored tiles are made coarser are those by which an event finds its tile."""

from hypothesis import given
from hypothesis import strategies as st

from stream.core.tiles import DAY, DAY_UNITS, FIVE, HOUR_UNITS, kept_from, kept_start


@given(st.integers(0, 4 * 10**12), st.integers(0, 100 * DAY))
def test_a_tile_kept_before_is_where_the_event_itself_would_be(as_of: int, age: int) -> None:
    time = max(0, as_of - age)
    fine, hourly, daily = kept_from(as_of)
    start = time // FIVE
    kept = start
    if start < hourly:
        kept = start // DAY_UNITS * DAY_UNITS
    elif start < fine:
        kept = start // HOUR_UNITS * HOUR_UNITS
    assert kept_start(time, as_of) == (kept if start >= daily else -1)
