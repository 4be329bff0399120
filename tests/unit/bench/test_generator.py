"""The events of the reference job are always the same, and are what bench/README.md says of them."""

import json
from collections import Counter
from itertools import islice

import pytest

from bench.generator import BEGIN, CENSUS_DAYS, DAY, Call, Traffic, calls
from stream.sources import segment

TRAFFIC = Traffic(leads=50_000, events=60_000, active=1_000)


@pytest.fixture(scope="module")
def log() -> list[Call]:
    return list(calls(TRAFFIC))


def test_the_same_numbers_give_the_same_bytes(log: list[Call]) -> None:
    assert list(calls(TRAFFIC)) == log


def test_another_seed_gives_other_events(log: list[Call]) -> None:
    other = list(islice(calls(Traffic(leads=50_000, events=60_000, active=1_000, seed=8)), 1_000))
    assert [each.key for each in other] != [each.key for each in log[:1_000]]


def test_times_rise_over_the_days_of_the_log(log: list[Call]) -> None:
    times = [each.time for each in log]
    assert times == sorted(times)
    assert times[0] == BEGIN
    assert BEGIN + 29.9 * DAY < times[-1] < BEGIN + 30 * DAY


def test_a_call_is_an_event_of_its_key_at_its_time(log: list[Call]) -> None:
    for call in log[:500]:
        event = segment.decode(call.value)
        assert event.lead.encode() == call.key
        assert event.time == call.time
    assert {json.loads(call.value)["type"] for call in log[:500]} == {"page", "track"}


def test_ids_are_unique(log: list[Call]) -> None:
    assert len({json.loads(call.value)["messageId"] for call in log}) == TRAFFIC.events


def test_records_have_some_350_bytes(log: list[Call]) -> None:
    assert 325 < sum(len(call.value) for call in log) / len(log) < 375


def test_few_leads_do_much_and_most_little(log: list[Call]) -> None:
    counts = sorted(Counter(call.key for call in log).values(), reverse=True)
    busiest = counts[: len(counts) // 10]
    assert 0.2 < sum(busiest) / TRAFFIC.events < 0.8
    assert counts[0] > 10 * counts[len(counts) // 2]
    assert counts[0] < 0.02 * TRAFFIC.events, "one lead alone is no skew but a machine"


def test_within_a_fetch_most_leads_are_others() -> None:
    fetched = list(islice(calls(Traffic()), 100_000, 104_000))
    assert 2_000 < len({call.key for call in fetched}) < 3_500


def test_the_share_of_new_leads_is_steady_after_the_first_events() -> None:
    seen: set[bytes] = set()
    shares = []
    log = calls(Traffic())
    for _ in range(6):
        before = len(seen)
        seen.update(call.key for call in islice(log, 20_000))
        shares.append((len(seen) - before) / 20_000)
    assert shares[0] > 0.15
    assert all(0.02 < share < 0.06 for share in shares[1:])


def test_a_census_has_each_lead_once_before_the_traffic() -> None:
    traffic = Traffic(leads=10_000, events=2_000, census=True)
    log = list(calls(traffic))
    first, rest = log[:10_000], log[10_000:]
    assert len({call.key for call in first}) == 10_000
    assert first[0].time == BEGIN - CENSUS_DAYS * DAY
    assert first[-1].time < BEGIN == rest[0].time
    assert traffic.size == len(log)
    assert {call.key for call in rest} <= {call.key for call in first}


@pytest.mark.parametrize("leads", [10_000, 100_000, 1_000_000, 5_000_000])
def test_every_number_of_leads_is_drawn_from_widely(leads: int) -> None:
    keys = {call.key for call in islice(calls(Traffic(leads=leads)), 20_000)}
    assert 3_000 < len(keys) <= leads
    assert max(int(key.decode().removeprefix("lead-")) for key in keys) > 0.99 * leads
