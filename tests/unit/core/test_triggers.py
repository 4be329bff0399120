"""What caused an update is told as the contract says, and named as every other output is."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from schemas.times import EARLIEST, format_time
from stream.core.arrivals import read_arrivals
from stream.core.events import Event
from stream.core.ids import Origin, Tick, origin_of
from stream.core.lead import NO_LANDING
from stream.core.signals import Reading
from stream.core.triggers import ticked, triggered_by

LEADS = ["ada", "zoë", 'of "quotes"']
ORIGINS = [Origin("t.web", 0, 2**40), Origin("t.email", 11, 0, 3), Origin("t.web", 3, 7, 1)]


@dataclass
class Found:
    """What was told of each."""

    told: list[object]
    origins: list[bytes]


@pytest.fixture
def found() -> Found:
    events = [Event(f"e{place}", lead, EARLIEST, "web", "view") for place, lead in enumerate(LEADS)]
    readings = [Reading(place, [(0, 0)], [], False, NO_LANDING) for place in range(len(LEADS))]
    arrivals = read_arrivals(events, readings, ORIGINS, [EARLIEST] * len(LEADS))
    triggers = triggered_by(arrivals, np.array([2, 0, 1]))
    return Found([json.loads(text) for text in triggers.told.each()], [*triggers.origins])


def test_a_record_is_told_with_its_part_where_it_holds_several(found: Found) -> None:
    assert found.told == [
        {"topic": "t.web", "partition": 3, "offset": 7, "part": 1},
        {"topic": "t.web", "partition": 0, "offset": 2**40},
        {"topic": "t.email", "partition": 11, "offset": 0, "part": 3},
    ]


def test_names_are_made_of_what_they_are_made_of_everywhere(found: Found) -> None:
    assert found.origins == [origin_of(LEADS[place].encode(), ORIGINS[place]) for place in (2, 0, 1)]


def test_a_sweep_is_told_with_its_instant() -> None:
    keys = [lead.encode() for lead in LEADS]
    triggers = ticked(keys, Tick(EARLIEST))
    assert [json.loads(text) for text in triggers.told.each()] == [{"tick": format_time(EARLIEST)}] * len(LEADS)
    assert triggers.origins == [origin_of(key, Tick(EARLIEST)) for key in keys]
