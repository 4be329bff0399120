"""The truth of the simulator: what it says of a lead is what happens, and behaviour shows some of it."""

import json
import math
from itertools import product

import numpy as np
import pytest

from leadpulse.simulator import Simulation
from leadpulse.simulator.regimes import FIRST_DAY, HAZARDS, STEPS, conversion_rates, conversion_within
from schemas.times import DAY, HOUR, parse_time

START = parse_time("2026-01-01T00:00:00Z")
MONTH = 30 * DAY


def _by_enumeration(regime: int, fit: float, elapsed: float, days: int) -> float:
    """From the definition: every path of regimes, its probability and the hazard that adds up on it."""
    lengths = [1 - elapsed] + [1.0] * (days - 1) + [elapsed]
    converted = 0.0
    for rest in product(range(len(HAZARDS)), repeat=days):
        path = (regime, *rest)
        chance = math.prod(float(STEPS[now, then]) for now, then in zip(path, rest, strict=False))
        passed = sum(length * float(HAZARDS[at]) for length, at in zip(lengths, path, strict=True))
        converted += chance * (1 - math.exp(-math.exp(fit) * passed))
    return converted


@pytest.mark.parametrize("elapsed", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("fit", [-1.2, 0.0, 1.5])
def test_the_probability_is_the_sum_over_all_paths(fit: float, elapsed: float) -> None:
    chances = conversion_within(conversion_rates(np.array([fit])), np.array([elapsed]), days=5)[0]
    for regime in range(len(HAZARDS)):
        assert chances[regime] == pytest.approx(_by_enumeration(regime, fit, elapsed, 5), rel=1e-10)


def test_the_shares_of_the_chain_are_complete() -> None:
    assert pytest.approx(np.ones(4)) == STEPS.sum(axis=1)
    assert pytest.approx(1.0) == FIRST_DAY.sum()


@pytest.mark.parametrize("age", [0, 11 * DAY + 5 * HOUR])
def test_of_the_leads_with_one_probability_that_share_converts(age: int) -> None:
    simulation = Simulation(seed=11, leads=40_000, start=START, days=75)
    truth, happened = [], []
    for lead in range(len(simulation.leads)):
        time, converted = simulation.first(lead) + age, simulation.converted(lead)
        if time + MONTH < simulation.end and (converted is None or converted > time):
            truth.append(simulation.truth(lead, time))
            happened.append(converted is not None and converted <= time + MONTH)
    order = np.argsort(truth)
    for share in np.array_split(order, 8):
        expected = np.array(truth)[share]
        sampling = math.sqrt((expected * (1 - expected)).sum())
        assert abs(np.array(happened)[share].sum() - expected.sum()) < 3.5 * sampling


def test_three_to_six_leads_in_a_hundred_convert_within_a_month() -> None:
    simulation = Simulation(seed=12, leads=5_000, start=START, days=90)
    assert 0.03 < np.mean([truth.probability for truth in simulation.truths()]) < 0.06


def test_the_rows_of_truth_are_what_is_asked_for_one_by_one() -> None:
    simulation = Simulation(seed=13, leads=300, start=START, days=40)
    index = {lead: place for place, lead in enumerate(simulation.leads)}
    expected = {}
    for lead, place in index.items():
        end = simulation.converted(place) or simulation.end
        for time in range(simulation.first(place), end, DAY):
            expected[lead, time] = simulation.truth(place, time)
    rows = {(lead, time): probability for lead, time, probability in simulation.truths()}
    assert rows.keys() == expected.keys()
    assert all(rows[key] == pytest.approx(expected[key], rel=1e-12) for key in rows)


def test_no_truth_is_told_before_the_first_event_or_from_the_conversion_on() -> None:
    simulation = Simulation(seed=14, leads=500, start=START, days=60)
    lead, converted = next((place, time) for place in range(500) if (time := simulation.converted(place)) is not None)
    assert 0 < simulation.truth(lead, converted - 1) < 1
    for time in (simulation.first(lead) - 1, converted, simulation.end + DAY):
        with pytest.raises(ValueError, match="is no lead at"):
            simulation.truth(lead, time)


def test_leads_that_asked_for_a_demo_convert_many_times_as_often() -> None:
    simulation = Simulation(seed=15, leads=6_000, start=START, days=90)
    index = {lead: place for place, lead in enumerate(simulation.leads)}
    asked = [
        simulation.truth(index[json.loads(record.value)["lead"]], record.time)
        for record in simulation.events(until=simulation.end - MONTH)
        if b'"demo_request"' in record.value
    ]
    everyone = np.mean([row.probability for row in simulation.truths()])
    assert len(asked) > 100
    assert np.mean(asked) > 6 * everyone
