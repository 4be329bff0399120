"""A sweep of one lead: what it changes, what it leaves alone, and what the lead's next event makes of it."""

import json
from typing import Any

import numpy as np
import pytest

from schemas.digest import features_digest
from schemas.load import load_settings
from schemas.times import DAY, HOUR, MINUTE, format_time
from stream.core.events import Event
from stream.core.ids import Origin
from stream.core.model import Model
from stream.core.outputs import Output
from stream.core.standing import CLOCK, HOURS, SCORED_BY, new_standing, unpack_standing
from stream.models.rules import rules_model
from tests.scoring import Arrival, Scoring, Swept, sections

SETTINGS = load_settings(None, {})
MODEL = Model(rules_model(SETTINGS), features_digest(SETTINGS), SETTINGS.tiers)
BEGIN = 1_772_323_200_000
TICK = BEGIN + 10 * DAY


class Story:
    """One lead's row through events and sweeps."""

    def __init__(self) -> None:
        self._engine = Scoring(SETTINGS)
        self._offset = 0
        self.row = b""

    def happen(self, time: int, name: str = "demo_request", path: str = "") -> list[Output]:
        """An event; what leaves because of it."""
        event = Event(f"e{self._offset}", "ann", time, "web", name, path)
        origin = Origin("t.web", 0, self._offset)
        self._offset += 1
        processed = self._engine.process([Arrival(event, origin, time)], {"ann": self.row}, MODEL, {0: {}})
        self.row = processed.rows["ann"]
        return processed.outputs

    def sweep(self, tick: int) -> Swept:
        swept = self._engine.sweep({"ann": self.row}, tick, MODEL, {"t.web": self._offset})
        self.row = swept.rows.get("ann", self.row) or b""
        return swept


def content(output: Output) -> Any:
    return json.loads(output.value or b"")


def interested() -> Story:
    story = Story()
    story.happen(BEGIN)
    for minute in range(3):
        story.happen(BEGIN + minute * MINUTE, "page_view", "/pricing")
    return story


def test_a_lead_that_goes_quiet_falls_and_is_told_by_the_clock() -> None:
    story = interested()
    state = sections(story.row).state
    change, latest = story.sweep(TICK).outputs
    assert (change.kind, latest.kind) == ("change", "latest")
    told = content(change)
    assert told["cause"] == "clock"
    assert told["trigger"] == {"tick": format_time(TICK)}
    assert told["as_of"] == told["time"] == format_time(TICK)
    assert told["positions"] == {"t.web": 4}
    score = told["scores"]["conversion"]
    assert score["log_odds"] < score["previous"]["log_odds"] - 0.25
    assert any(driver["feature"] == "pricing_views_48h" and driver["change"] < 0 for driver in told["drivers"])
    assert change.timestamp == latest.timestamp == TICK
    assert sections(story.row).state == state, "the state is a fold of events alone"


def test_a_lead_with_an_event_or_a_sweep_since_is_left_alone() -> None:
    story = interested()
    assert story.sweep(BEGIN + 2 * MINUTE) == ({}, [], 0, 0)
    assert story.sweep(TICK).scored == 1
    assert story.sweep(TICK) == ({}, [], 0, 0)
    assert story.sweep(TICK - HOUR) == ({}, [], 0, 0)


def test_a_sweep_that_moves_little_is_silent_and_remembered() -> None:
    story = interested()
    swept = story.sweep(BEGIN + HOUR)
    assert (swept.scored, swept.outputs) == (1, [])
    assert sections(story.row).clock == BEGIN + HOUR


def test_an_event_from_before_the_sweep_is_scored_as_of_the_sweep() -> None:
    story = interested()
    story.sweep(TICK)
    told = [content(each) for each in story.happen(TICK - 9 * DAY, "demo_request") if each.kind == "change"]
    told += [content(each) for each in story.happen(TICK - DAY, "page_view", "/pricing") if each.kind == "change"]
    assert [each["as_of"] for each in told] == [format_time(TICK)]
    standing = new_standing()
    unpack_standing(np.frombuffer(sections(story.row).standing, np.uint8), 0, standing)
    hours = standing.hour[: standing.numbers[HOURS]].tolist()
    assert hours == sorted(hours)
    assert hours[-1] == TICK // HOUR


def test_a_lead_that_returns_after_having_fallen_has_risen() -> None:
    def returned(swept: bool) -> list[str]:
        story = Story()
        story.happen(BEGIN, "page_view", "/docs")
        if swept:
            story.sweep(TICK)
        outputs = story.happen(TICK + HOUR)
        return [content(each)["rule"] for each in outputs if each.kind == "alert"]

    assert returned(swept=True) == ["rise"]
    assert returned(swept=False) == []


def test_a_long_idle_lead_expires_and_begins_anew_when_it_returns() -> None:
    story = interested()
    latest = BEGIN + 2 * MINUTE
    assert story.sweep(latest + 100 * DAY).expired == 0
    gone = story.sweep(latest + 100 * DAY + 1)
    assert gone.rows == {"ann": None}
    (tombstone,) = gone.outputs
    assert (tombstone.kind, tombstone.key, tombstone.value) == ("latest", b"ann", None)
    first = content(story.happen(latest + 101 * DAY)[0])
    assert first["sequence"] == 1
    assert first["scores"]["conversion"]["previous"] is None


@pytest.mark.parametrize("sweeps", [[], [TICK]])
def test_fixed_places_of_a_row_are_read_without_unpacking_it(sweeps: list[int]) -> None:
    story = interested()
    for tick in sweeps:
        story.sweep(tick)
    standing = new_standing()
    unpack_standing(np.frombuffer(sections(story.row).standing, np.uint8), 0, standing)
    assert sections(story.row).clock == standing.numbers[CLOCK] == max(sweeps, default=0)
    assert sections(story.row).scored_by == standing.models[SCORED_BY] == MODEL.number
    assert sections(story.row).latest == BEGIN + 2 * MINUTE
    assert (sections(b"").clock, sections(b"").scored_by) == (0, 0)
