"""Which signals, values, profile fields, landing pages and outcomes are recognised in one event."""

from typing import Any

import pytest

from schemas.load import load_settings
from schemas.signals import Observed
from stream.core.events import Event, EventType
from stream.core.signals import Reading, Signals, event_hash
from tests.oracle.events import read

SHIPPED = load_settings(None, {}).observed


def observed(**changes: Any) -> Observed:
    content: dict[str, Any] = {
        "signals": [{"number": 0, "name": "s", "channel": "web", "label": "s", "match": [{"name": "never"}]}],
        "outcome": {"channel": "outcome", "match": [{"name": "converted"}]},
    }
    return Observed.model_validate(content | changes)


def one_signal(*match: dict[str, Any], channel: str = "web", value: str | None = None) -> Observed:
    signal = {"number": 7, "name": "s", "channel": channel, "label": "s", "match": list(match), "value": value}
    return observed(signals=[signal])


def reading(seen: Observed, type: EventType, name: str, path: str = "", **properties: Any) -> Reading:
    """What the product reads in the event, having checked that the oracle reads the same."""
    result = Signals(seen).read(Event("e", "l", 0, type, name, path, properties))
    raw = {"id": "e", "lead": "l", "time": 0, "type": type, "name": name, "path": path, "properties": properties}
    said = read({"observed": seen.model_dump(mode="json")}, raw)
    numbers = {signal.name: signal.number for signal in seen.signals}
    fields = {field.name: field.number for field in seen.profile}
    assert dict(result.hits) == {numbers[signal]: value for signal, value in said.signals.items()}
    assert dict(result.tells) == {fields[field]: value for field, value in said.profile.items()}
    assert result.outcome == said.outcome
    assert result.landing == (-1 if said.landing is None else said.landing)
    assert result.carries != said.nothing
    return result


def names(seen: Observed, type: EventType, name: str, path: str = "", **properties: Any) -> list[str]:
    called = {signal.number: signal.name for signal in seen.signals}
    return [called[number] for number, _ in reading(seen, type, name, path, **properties).hits]


def test_a_visit_to_the_pricing_page_is_a_page_view_and_a_pricing_view() -> None:
    assert names(SHIPPED, "web", "page_view", "/pricing/annual") == ["page_view", "pricing_view"]


def test_the_same_name_on_another_channel_is_not_the_signal() -> None:
    assert names(SHIPPED, "product", "page_view", "/pricing") == []


def test_an_event_that_no_signal_recognises_carries_nothing() -> None:
    assert not reading(SHIPPED, "web", "scrolled", "/pricing").carries


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/pricing*", "/pricing", True),
        ("/pricing*", "/a/pricing", False),
        ("/Pricing*", "/pricing", False),
        ("/?", "/a", True),
        ("/?", "/", False),
        ("/?", "/ab", False),
        ("/[ab]", "/b", True),
        ("/[!ab]", "/b", False),
        ("/[[]x", "/[x", True),
        ("/a.c", "/abc", False),
        ("/a+", "/aa", False),
        ("*", "/line\nbreak", True),
        ("/a", "/a\n", False),
    ],
)
def test_wildcards_are_those_of_fnmatch_and_nothing_else_is_special(pattern: str, path: str, fits: bool) -> None:
    assert names(one_signal({"path": pattern}), "web", "x", path) == (["s"] if fits else [])


def test_any_of_several_ways_is_enough_and_counts_once() -> None:
    ways = one_signal({"name": "demo*"}, {"name": "*request"})
    assert names(ways, "web", "demo_booked") == ["s"]
    assert names(ways, "web", "demo_request") == ["s"]
    assert names(ways, "web", "trial") == []


def test_every_condition_of_one_way_must_hold() -> None:
    way = one_signal({"name": "call", "properties": {"result": "held", "minutes": 30}})
    assert names(way, "web", "call", result="held", minutes=30) == ["s"]
    assert names(way, "web", "call", result="held", minutes=29) == []
    assert names(way, "web", "call", result="held") == []
    assert names(way, "web", "email", result="held", minutes=30) == []


@pytest.mark.parametrize(
    ("wanted", "found", "equal"),
    [
        (1, 1.0, True),
        (1.0, 1, True),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        (False, 0, False),
        ("1", 1, False),
        (1, "1", False),
        ("on", "ON", False),
        ("on", ["on"], False),
        (0, None, False),
    ],
)
def test_properties_are_equal_as_json_is(wanted: Any, found: Any, equal: bool) -> None:
    assert names(one_signal({"properties": {"p": wanted}}), "web", "x", p=found) == (["s"] if equal else [])


@pytest.mark.parametrize(
    ("value", "thousandths"),
    [
        (2, 2000),
        (2.5, 2500),
        (-0.25, -250),
        (0.0005, 0),
        (0.0015, 2),
        (-0.0025, -2),
        (10**9, 10**12),
        (10**9 + 1, 10**12),
        (-1e300, -(10**12)),
        (1e306, 10**12),
        (-1.7e308, -(10**12)),
        (2**63 - 1, 10**12),
        (True, 0),
        ("3", 0),
        (None, 0),
        ([3], 0),
        (float("nan"), 0),
        (float("inf"), 0),
    ],
)
def test_values_are_kept_in_thousandths_within_a_limit(value: Any, thousandths: int) -> None:
    assert reading(one_signal({}, value="v"), "web", "x", v=value).hits == [(7, thousandths)]


def test_a_signal_without_its_value_still_occurs() -> None:
    assert reading(one_signal({}, value="v"), "web", "x").hits == [(7, 0)]


def test_profile_fields_are_numbers_and_codes_of_listed_categories() -> None:
    told = dict(reading(SHIPPED, "profile", "", employees=250, seniority="vp", industry="mining").tells)
    assert told == {0: 250_000, 1: 4, 2: 0}


def test_a_profile_without_a_known_field_or_a_usable_value_carries_nothing() -> None:
    assert not reading(SHIPPED, "profile", "", shoe_size=44).carries
    assert not reading(SHIPPED, "profile", "", employees="many", seniority=3, industry=None).carries


def test_an_outcome_is_no_signal_even_where_one_would_fit() -> None:
    signal = {"number": 0, "name": "bought", "channel": "web", "label": "b", "match": [{"name": "buy*"}]}
    seen = observed(
        signals=[signal],
        outcome={"channel": "web", "match": [{"name": "buy", "properties": {"paid": True}}]},
        landing=[{"name": "shop", "path": "/shop*"}],
    )
    paid = reading(seen, "web", "buy", "/shop", paid=True)
    assert paid.outcome and paid.hits == () and paid.landing == -1
    unpaid = reading(seen, "web", "buy", "/shop", paid=False)
    assert not unpaid.outcome and list(unpaid.hits) == [(0, 0)] and unpaid.landing == 1


def test_another_outcome_than_the_one_configured_carries_nothing() -> None:
    assert reading(SHIPPED, "outcome", "converted").outcome
    assert not reading(SHIPPED, "outcome", "lost").carries


def test_the_landing_page_is_the_first_entry_that_fits() -> None:
    pages = [{"name": "price", "path": "/p*"}, {"name": "pricing", "path": "/pricing*"}]
    seen = observed(landing=pages)
    assert reading(seen, "web", "never", "/pricing").landing == 1
    assert reading(seen, "web", "never", "/blog").landing == 0
    assert reading(seen, "web", "never", "").landing == -1
    assert reading(SHIPPED, "email", "email_open", "/pricing").landing == -1


def test_an_id_is_hashed_by_xxh3_so_that_stored_rows_stay_readable() -> None:
    assert event_hash("") == 0x2D06800538D394C2
    assert event_hash("abc") == 0x78AF5F94892F3950
