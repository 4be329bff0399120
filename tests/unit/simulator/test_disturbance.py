"""Disturbed streams: every defect occurs, is told, and takes nothing away."""

import json
from collections import Counter
from itertools import pairwise

import pytest
from pydantic import ValidationError

from leadpulse.simulator import FLAWS, Flaw, Record, Simulation, disturb
from schemas.events import EVENT
from schemas.times import DAY, HOUR, parse_time

START = parse_time("2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(Simulation(seed=21, leads=1_500, start=START, days=60).events())


@pytest.fixture(scope="module")
def disturbed(records: list[Record]) -> list[tuple[Record, Flaw | None]]:
    return list(disturb(records, seed=21, repeated=0.05, late=0.05, malformed=0.02))


def test_the_same_seed_disturbs_in_the_same_way(
    records: list[Record], disturbed: list[tuple[Record, Flaw | None]]
) -> None:
    assert list(disturb(records, 21, 0.05, 0.05, 0.02)) == disturbed
    assert list(disturb(records, 22, 0.05, 0.05, 0.02)) != disturbed


def test_records_come_in_the_order_of_arrival(disturbed: list[tuple[Record, Flaw | None]]) -> None:
    assert all(earlier.time <= later.time for (earlier, _), (later, _) in pairwise(disturbed))


def test_without_flaws_and_repeats_the_same_events_remain(
    records: list[Record], disturbed: list[tuple[Record, Flaw | None]]
) -> None:
    assert {record.value for record, flaw in disturbed if flaw is None} == {record.value for record in records}


def test_sound_records_are_valid_and_flawed_ones_rejected_or_stamped_ahead_of_their_arrival(
    disturbed: list[tuple[Record, Flaw | None]],
) -> None:
    for record, flaw in disturbed:
        assert b"\n" not in record.value
        if flaw is None:
            assert parse_time(EVENT.validate_json(record.value).time) <= record.time
        elif flaw == "future stamp":
            assert parse_time(EVENT.validate_json(record.value).time) >= record.time + HOUR
        else:
            with pytest.raises(ValidationError):
                EVENT.validate_json(record.value)


def test_each_flaw_occurs_about_as_often_as_told(
    records: list[Record], disturbed: list[tuple[Record, Flaw | None]]
) -> None:
    flaws = Counter(flaw for _, flaw in disturbed if flaw is not None)
    assert set(flaws) == set(FLAWS)
    assert max(flaws.values()) - min(flaws.values()) <= 1
    assert flaws.total() == pytest.approx(0.02 * len(records), rel=0.2)


def test_repeats_come_within_the_hour_and_late_ones_within_the_week(
    records: list[Record], disturbed: list[tuple[Record, Flaw | None]]
) -> None:
    arrivals: dict[bytes, list[int]] = {}
    for record, flaw in disturbed:
        if flaw is None:
            arrivals.setdefault(record.value, []).append(record.time)
    delays = [arrivals[record.value][0] - record.time for record in records]
    assert sum(delay > 0 for delay in delays) == pytest.approx(0.05 * len(records), rel=0.2)
    assert 3 * DAY < max(delays) <= 7 * DAY
    repeats = [times for times in arrivals.values() if len(times) > 1]
    assert len(repeats) == pytest.approx(0.05 * len(records), rel=0.2)
    assert all(len(times) == 2 and times[1] - times[0] <= HOUR for times in repeats)


def test_nothing_happens_where_nothing_is_asked_for(records: list[Record]) -> None:
    assert [record for record, _ in disturb(records, 1, 0, 0, 0)] == records


def test_a_late_event_keeps_its_own_time(records: list[Record]) -> None:
    for record, _ in disturb(records[:200], 1, repeated=0, late=1, malformed=0):
        assert parse_time(json.loads(record.value)["time"]) < record.time
