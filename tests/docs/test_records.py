"""The reference of the output records lists what there is, and its examples are real output."""

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from typing import Any, Final, get_args

import pytest
import xxhash

from schemas.digest import features_digest
from schemas.load import load_settings
from schemas.records import Alert, CurrentScore, Driver, LatestScore, Occurrence, Reason, ScoreChange, Tick, Trigger
from schemas.strict import Reader
from schemas.times import DAY, format_time
from stream.core.ids import Origin
from stream.core.model import Model
from stream.core.outputs import Output, Refused, dead_letter
from stream.models.rules import rules_model
from stream.sources import native
from tests.docs.blocks import ROOT, blocks, named
from tests.scoring import Arrival, Scoring

PAGE: Final = "docs/records.md"
CONTRACTS: Final[dict[str, type[Reader]]] = {
    "Score change": ScoreChange,
    "A score": CurrentScore,
    "A driver": Driver,
    "A trigger": Trigger,
    "A tick": Tick,
    "Latest score": LatestScore,
    "Alert": Alert,
    "An event behind an alert": Occurrence,
}
EVENTS, CHANGE, LATEST, ALERT = (json.loads(block.text) for block in blocks(PAGE) if block.language == "json")


@cache
def outputs() -> tuple[Output, ...]:
    """What the page's events give, arrived as the page says."""
    settings = load_settings(None, {})
    model = Model(rules_model(settings), features_digest(settings), settings.tiers)
    events = [native.decode(json.dumps(each).encode()) for each in EVENTS]
    arrivals = [
        Arrival(event, Origin("leadpulse.web", 3, 41 + place), event.time + 150) for place, event in enumerate(events)
    ]
    return tuple(Scoring(settings).process(arrivals, {}, model, {3: {"leadpulse.email": 17}}).outputs)


def content(kind: str) -> Any:
    """The last record of its kind."""
    value = [output for output in outputs() if output.kind == kind][-1].value
    assert value is not None
    return json.loads(value)


def comparable(found: Any) -> Any:
    """Without what another processor or library may make otherwise: last digits, and the bytes of the model's files."""
    if isinstance(found, float):
        return float(f"{found:.5g}")
    if isinstance(found, list):
        return [comparable(each) for each in found]
    if isinstance(found, dict):
        return {key: comparable(each) for key, each in found.items() if key != "model"}
    return found


@pytest.mark.parametrize("section", CONTRACTS)
def test_every_field_is_described_and_no_other(section: str) -> None:
    assert named(PAGE, section) == list(CONTRACTS[section].model_fields)


@pytest.mark.parametrize(
    ("example", "kind", "contract"),
    [(CHANGE, "change", ScoreChange), (LATEST, "latest", LatestScore), (ALERT, "alert", Alert)],
)
def test_an_example_is_real_output_and_shows_every_field(example: Any, kind: str, contract: type[Reader]) -> None:
    contract.model_validate_json(json.dumps(example))
    assert set(example) == set(contract.model_fields)
    assert comparable(example) == comparable(content(kind))


def test_the_sum_that_it_promises_holds_in_its_example() -> None:
    told = CHANGE["baseline"] + sum(driver["contribution"] for driver in CHANGE["drivers"]) + CHANGE["rest"]
    assert told == pytest.approx(CHANGE["scores"]["conversion"]["log_odds"], abs=1e-6)


def test_the_events_of_an_alert_are_found_by_their_hash() -> None:
    hashes = {xxhash.xxh3_64_hexdigest(event["id"].encode()) for event in EVENTS}
    assert {each["event"] for each in ALERT["events"]} == hashes


def test_the_trigger_of_a_sweep_is_as_it_says() -> None:
    settings = load_settings(None, {})
    engine, model = Scoring(settings), Model(rules_model(settings), features_digest(settings), settings.tiers)
    event = native.decode(json.dumps(EVENTS[1]).encode())
    arrival = Arrival(event, Origin("leadpulse.web", 3, 42), event.time)
    rows = engine.process([arrival], {}, model, {3: {}}).rows
    told = engine.sweep(rows, event.time + 80 * DAY, model, {"leadpulse.web": 43}).outputs[0]
    trigger = ScoreChange.model_validate_json(told.value or b"").trigger
    (said,) = re.findall(r'`"trigger": (\{"tick": .*?\})`', (ROOT / PAGE).read_text())
    assert isinstance(trigger, Tick)
    assert isinstance(ScoreChange.model_validate_json(json.dumps(CHANGE | {"trigger": json.loads(said)})).trigger, Tick)
    assert trigger.tick == format_time(event.time + 80 * DAY)


def test_its_command_prints_the_json_schema() -> None:
    (command,) = [shlex.split(block.text) for block in blocks(PAGE) if block.language == "sh"]
    assert command[0] == "python"
    printed = subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, check=True).stdout
    assert set(json.loads(printed)["properties"]) == set(ScoreChange.model_fields)


def test_every_header_of_a_record_is_described() -> None:
    for output in outputs():
        assert sorted(name for name, _ in output.headers) == sorted(named(PAGE, "Key, order, headers"))


def test_every_header_of_a_dead_letter_and_every_reason_is_described() -> None:
    refused = Refused(Origin("leadpulse.web", 3, 43), 1_772_357_400_150, b"key", b"x" * 50_000, [])
    cut = dead_letter("leadpulse", refused, "oversize", "too long", 20_000)
    own = [name for name, _ in cut.headers if name not in named(PAGE, "Key, order, headers")]
    described = named(PAGE, "Dead letter")
    assert described[: len(own)] == own
    assert sorted(described[len(own) :]) == sorted(get_args(Reason))
