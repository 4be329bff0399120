"""The contracts as JSON Schema, which is what other languages and `leadpulse config explain` have of them."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from schemas.events import EVENT
from schemas.manifest import ModelManifest
from schemas.records import Alert, LatestScore, ScoreChange
from schemas.settings import Settings

CONTRACTS: Final[dict[str, Any]] = {
    "event": EVENT.json_schema(),
    "score change": ScoreChange.model_json_schema(),
    "latest score": LatestScore.model_json_schema(),
    "alert": Alert.model_json_schema(),
    "manifest": ModelManifest.model_json_schema(),
    "settings": Settings.model_json_schema(),
}
TYPES: Final = {"object", "array", "string", "number", "integer", "boolean", "null"}


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    yield node
    for key in ("properties", "$defs", "patternProperties"):
        for inner in node.get(key, {}).values():
            yield from schemas(inner)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in node.get(key, []):
            yield from schemas(inner)
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(node.get(key), dict):
            yield from schemas(node[key])


def resolve(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node with what it refers to beneath its own keys."""
    if "$ref" not in node:
        return node
    found: dict[str, Any] = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return found | node


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_a_schema_that_stands_alone(name: str) -> None:
    root = json.loads(json.dumps(CONTRACTS[name], allow_nan=False))
    for node in schemas(root):
        resolve(root, node)
        assert node.get("type", "object") in TYPES
        assert set(node.get("required", [])) <= set(node.get("properties", node.get("required", [])))
        assert isinstance(node.get("examples", []), list)
        if "pattern" in node:
            assert node["pattern"].startswith("^") and node["pattern"].endswith("$")
            re.compile(node["pattern"])


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_examples_of_a_contract_fit_it(name: str) -> None:
    for node in schemas(CONTRACTS[name]):
        for example in node.get("examples", []):
            if "pattern" in node:
                assert re.search(node["pattern"], str(example))
            if isinstance(example, int | float):
                assert node.get("minimum", example) <= example <= node.get("maximum", example)
                assert node.get("exclusiveMinimum", example - 1) < example < node.get("exclusiveMaximum", example + 1)


@pytest.mark.parametrize("name", ["event", "score change", "latest score", "alert", "manifest"])
def test_readers_of_records_meet_new_fields_without_complaint(name: str) -> None:
    assert all(node.get("additionalProperties") is not False for node in schemas(CONTRACTS[name]))


def settings_of(root: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every setting with its name; a tag that tells kinds apart is explained by its kind."""
    for section, node in {"Settings": root, **root["$defs"]}.items():
        for name, inner in node.get("properties", {}).items():
            if "const" not in inner:
                yield f"{section}.{name}", inner


SETTINGS: Final = dict(settings_of(CONTRACTS["settings"]))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained(name: str) -> None:
    found = resolve(CONTRACTS["settings"], SETTINGS[name])["description"]
    assert found[0].isupper() and found.endswith("."), found


@pytest.mark.parametrize("section", CONTRACTS["settings"]["$defs"])
def test_every_section_is_explained(section: str) -> None:
    assert CONTRACTS["settings"]["$defs"][section]["description"].endswith(".")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_without_obvious_values_has_an_example(name: str) -> None:
    node = SETTINGS[name]
    obvious = node.get("type") == "boolean" or "enum" in node or "$ref" in json.dumps(node)
    assert obvious or node["examples"]


def test_every_kind_of_event_is_told_apart_by_its_type() -> None:
    kinds = CONTRACTS["event"]["discriminator"]["mapping"]
    assert set(kinds) == {"web", "email", "product", "crm", "intent", "profile", "outcome"}


SCORE: Final = {"probability": 0.083, "score": 8.3, "log_odds": -2.4, "percentile": 93, "tier": "hot"}
CHANGE: Final[dict[str, Any]] = {
    "id": "8d0c1b7be7d35fb1b8b3a4c7cbb4c9de",
    "lead": "ann",
    "sequence": 1,
    "time": "2026-03-01T09:30:00.000Z",
    "as_of": "2026-03-01T09:30:00.000Z",
    "cause": "event",
    "trigger": {"topic": "leadpulse.web", "partition": 0, "offset": 7},
    "scores": {"conversion": {**SCORE, "previous": None}},
    "drivers": [{"feature": "logins_7d", "value": 3.0, "contribution": 0.2, "change": 0.2, "text": "3 logins in 7d"}],
    "baseline": -4.6,
    "rest": 2.0,
    "features": [3.0],
    "model": "0" * 64,
    "configuration": "1" * 64,
    "positions": {"leadpulse.web": 8},
}


def read(record: dict[str, Any]) -> ScoreChange:
    return TypeAdapter(ScoreChange).validate_json(json.dumps(record))


def test_a_record_is_read_back_as_it_was_written() -> None:
    record = read(CHANGE)
    assert ScoreChange.model_validate_json(record.model_dump_json()) == record
    assert record.scores["conversion"].previous is None
    assert record.holdout is False


def test_a_reader_ignores_the_fields_of_later_releases() -> None:
    later = CHANGE | {"region": "eu", "trigger": {**CHANGE["trigger"], "epoch": 4}}
    assert read(later) == read(CHANGE)


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "8D0C"},
        {"sequence": 0},
        {"sequence": "1"},
        {"model": "0" * 63},
        {"cause": "whim"},
        {"scores": {"conversion": {**SCORE, "probability": 1.1, "previous": None}}},
        {"scores": {"conversion": {**SCORE, "percentile": 101, "previous": None}}},
        {"scores": {"conversion": SCORE}},
    ],
)
def test_a_record_out_of_bounds_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(broken))):
        read(CHANGE | broken)
