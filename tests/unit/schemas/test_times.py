"""Times on the wire and durations in settings."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.times import (
    DAY,
    EARLIEST,
    HOUR,
    LATEST,
    Duration,
    format_duration,
    format_time,
    parse_duration,
    parse_time,
)

INSTANTS = st.integers(EARLIEST, LATEST - 1)
DURATION: TypeAdapter[int] = TypeAdapter(Duration)


@given(INSTANTS)
def test_a_written_time_is_read_back_as_it_was(instant: int) -> None:
    assert parse_time(format_time(instant)) == instant


@given(INSTANTS, st.integers(-23 * 60, 23 * 60), st.integers(0, 999))
def test_an_offset_and_finer_digits_change_nothing(instant: int, minutes: int, micros: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    there = datetime.fromtimestamp(instant // 1000, zone) + timedelta(milliseconds=instant % 1000, microseconds=micros)
    assert parse_time(there.isoformat(timespec="microseconds")) == instant


def test_times_are_written_in_utc_with_three_decimals() -> None:
    assert format_time(1_772_357_400_007) == "2026-03-01T09:30:00.007Z"
    assert format_time(1_772_357_400_000) == "2026-03-01T09:30:00.000Z"
    assert parse_time("2026-03-01T10:30:00+01:00") == 1_772_357_400_000


def test_written_times_sort_as_texts_like_the_instants() -> None:
    start = int(datetime(2026, 12, 31, 23, 59, 59, 998_000, UTC).timestamp() * 1000)
    texts = [format_time(start + step) for step in range(5)]
    assert texts == sorted(texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T09:30:00",  # whose morning?
        "2026-03-01 09:30:00Z",
        "2026-03-01T09:30Z",
        "2026-3-1T09:30:00Z",
        "2026-02-29T09:30:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T23:59:60Z",
        "2026-03-01T09:30:00.Z",
        "2026-03-01T09:30:00+0100",
        "2026-03-01T09:30:00Z\n",
        "1999-12-31T23:59:59.999Z",
        "2200-01-01T00:00:00Z",
        "٢٠٢٦-03-01T09:30:00Z",
    ],
)
def test_what_is_no_time_is_refused_and_shown(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  a day that does not exist is told by the calendar
        parse_time(text)
    assert str(refused.value)


def test_the_first_and_the_last_millisecond_are_within() -> None:
    assert parse_time("2000-01-01T00:00:00.000Z") == EARLIEST
    assert parse_time("2199-12-31T23:59:59.999Z") == LATEST - 1


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("48h", 2 * DAY), ("2d", 2 * DAY), ("7d", 7 * DAY)],
)
def test_durations_have_a_unit(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


def test_a_duration_without_a_unit_is_milliseconds() -> None:
    assert parse_duration(25) == 25


@pytest.mark.parametrize("value", ["", "48", "h", "1.5h", "-1h", "0h", "48 h", "48H", "1w", "48h\n", True, None, 1.5])
def test_what_is_no_duration_is_refused_with_examples(value: object) -> None:
    with pytest.raises(ValueError, match="such as 250ms, 30s, 5m, 48h or 7d"):
        parse_duration(value)


@given(st.integers(1, 999_999).flatmap(lambda n: st.sampled_from([n, n * 1000, n * 60_000, n * HOUR, n * DAY])))
def test_a_written_duration_means_the_same(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds


def test_durations_are_written_in_the_largest_unit_and_two_days_in_hours() -> None:
    wanted = {1: "1ms", 1_500: "1500ms", 60_000: "1m", 90_000: "90s", HOUR: "1h", 2 * DAY: "48h", 3 * DAY: "3d"}
    assert {milliseconds: format_duration(milliseconds) for milliseconds in wanted} == wanted


def test_a_field_of_settings_takes_and_gives_the_written_form() -> None:
    assert DURATION.validate_python("48h") == 2 * DAY
    assert DURATION.dump_python(2 * DAY) == "48h"
    with pytest.raises(ValidationError, match="not a duration"):
        DURATION.validate_python("two days")
