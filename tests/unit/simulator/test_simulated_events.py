"""The simulator's events: reproducible, valid, in order, and what the default settings watch for."""

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from leadpulse.simulator import Record, Simulation
from schemas.events import EVENT
from schemas.load import load_settings
from schemas.signals import CategoryField
from schemas.times import DAY, HOUR, MINUTE, parse_time
from stream.core.events import Event
from stream.core.signals import Signals

START = parse_time("2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(seed=3, leads=600, start=START, days=60)


@pytest.fixture(scope="module")
def records(simulation: Simulation) -> list[Record]:
    return list(simulation.events())


@pytest.fixture(scope="module")
def events(records: list[Record]) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in records]


def test_equal_arguments_give_equal_bytes_and_another_seed_others(records: list[Record]) -> None:
    assert list(Simulation(seed=3, leads=600, start=START, days=60).events()) == records
    assert list(Simulation(seed=4, leads=600, start=START, days=60).events()) != records


def test_every_event_satisfies_the_contract_and_agrees_with_its_record(records: list[Record]) -> None:
    for record in records:
        event = EVENT.validate_json(record.value)
        assert event.lead.encode() == record.key
        assert parse_time(event.time) == record.time
        assert record.channel == ("crm" if event.type in ("profile", "outcome") else event.type)


def test_events_come_in_the_order_of_time_under_ids_of_their_own(
    records: list[Record], events: list[dict[str, Any]]
) -> None:
    assert all(earlier.time <= later.time for earlier, later in pairwise(records))
    assert len({event["id"] for event in events}) == len(events)


def test_a_history_and_the_live_stream_after_it_join_without_seam(
    simulation: Simulation, records: list[Record]
) -> None:
    split = START + 40 * DAY + 13 * HOUR + 5
    history, live = list(simulation.events(until=split)), list(simulation.events(since=split))
    assert history + live == records
    assert history[-1].time < split <= live[0].time


def test_every_signal_profile_value_landing_page_and_outcome_of_the_default_settings_occurs() -> None:
    observed = load_settings(None, {}).observed
    signals, fields = Signals(observed), {field.number: field for field in observed.profile}
    hits: Counter[int] = Counter()
    tells: Counter[tuple[int, int]] = Counter()
    landings: Counter[int] = Counter()
    outcomes = 0
    for record in Simulation(seed=5, leads=3_000, start=START, days=60).events():
        event = json.loads(record.value)
        reading = signals.read(
            Event(
                event["id"], event["lead"], record.time, event["type"], event.get("name", ""), event.get("path", ""),
                event.get("fields") or event.get("properties", {}),
            )
        )  # fmt: skip
        assert reading.carries
        hits.update(number for number, _ in reading.hits)
        tells.update((number, value if fields[number].kind == "category" else 0) for number, value in reading.tells)
        landings[reading.landing] += 1
        outcomes += reading.outcome
    assert set(hits) == {signal.number for signal in observed.signals}
    for number, field in fields.items():
        codes = range(1, len(field.values) + 1) if isinstance(field, CategoryField) else (0,)
        assert all(tells[number, code] for code in codes)
    assert all(landings[code] for code in range(1, len(observed.landing) + 1))
    assert outcomes


def test_a_lead_begins_with_a_page_view_and_a_named_one_tells_its_profile_within_minutes(
    simulation: Simulation, records: list[Record], events: list[dict[str, Any]]
) -> None:
    for index, lead in enumerate(simulation.leads):
        own = [(record.time, event) for record, event in zip(records, events, strict=True) if event["lead"] == lead]
        assert own[0][0] == simulation.first(index)
        assert own[0][1]["name"] == "page_view"
        told = [time for time, event in own if event["type"] == "profile"]
        if lead.startswith("anon:"):
            assert not told
        else:
            assert len(told) == 1
            assert told[0] - own[0][0] <= 10 * MINUTE


def test_registrations_spread_over_the_whole_time(simulation: Simulation) -> None:
    weeks = Counter((simulation.first(index) - START) // (10 * DAY) for index in range(600))
    assert set(weeks) == set(range(6))
    assert min(weeks.values()) > 60


def test_anonymous_visitors_are_a_tenth_and_leave_no_trace_beyond_the_web_and_third_parties(
    simulation: Simulation, events: list[dict[str, Any]]
) -> None:
    anonymous = [lead for lead in simulation.leads if lead.startswith("anon:")]
    assert 30 < len(anonymous) < 90
    assert {event["type"] for event in events if event["lead"].startswith("anon:")} <= {"web", "intent", "outcome"}


def test_after_its_conversion_a_lead_only_uses_the_product_and_rarely_reads() -> None:
    simulation = Simulation(seed=8, leads=3_000, start=START, days=90)
    converted = {lead: simulation.converted(index) for index, lead in enumerate(simulation.leads)}
    outcomes = {}
    after: Counter[str] = Counter()
    for record in simulation.events():
        event = json.loads(record.value)
        at = converted[event["lead"]]
        if event["type"] == "outcome":
            assert record.time == at
            outcomes[event["lead"]] = event["name"]
        elif at is not None and record.time > at:
            after[event["name"]] += 1
            if record.time // DAY == at // DAY:
                assert event["type"] == "product"
    assert outcomes == {lead: "converted" for lead, at in converted.items() if at is not None}
    assert after["login"] + after["feature_used"] > 0.8 * after.total()
    assert not after["demo_request"]


def test_some_leads_look_at_pricing_several_times_within_two_hours(events: list[dict[str, Any]]) -> None:
    views: dict[str, list[int]] = {}
    for event in events:
        if event.get("path", "").startswith("/pricing"):
            views.setdefault(event["lead"], []).append(parse_time(event["time"]))
    triples = [(times[i], times[i + 2]) for times in views.values() for i in range(len(times) - 2)]
    assert sum(third - first <= 2 * HOUR for first, third in triples) > 20


def test_nobody_who_unsubscribed_opens_a_later_email(events: list[dict[str, Any]]) -> None:
    left: dict[str, str] = {}
    for event in events:
        if event.get("name") == "email_unsubscribe":
            assert event["lead"] not in left
            left[event["lead"]] = event["time"][:10]
        elif event["type"] == "email" and event["lead"] in left:
            assert event["time"][:10] == left[event["lead"]]
    assert left


@pytest.mark.parametrize(
    ("seed", "leads", "start", "days"),
    [(-1, 1, START, 1), (0, 0, START, 1), (0, 1, START, 0), (0, 1, START + 1, 1), (0, 1, 0, 1)],
)
def test_impossible_arguments_are_refused(seed: int, leads: int, start: int, days: int) -> None:
    with pytest.raises(ValueError, match="give"):
        Simulation(seed, leads, start, days)


def test_one_lead_on_one_day_is_a_simulation_too() -> None:
    assert len(list(Simulation(seed=1, leads=1, start=START, days=1).events())) >= 1
