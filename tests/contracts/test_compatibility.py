"""What breaks producers or readers is found, and what does not is let through."""

import copy
from typing import Any, Final

import pytest

from schemas.contracts.compatibility import breaking_changes
from schemas.contracts.json_schemas import Direction, published

BASE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8},
        "count": {"type": "integer", "minimum": 0},
        "share": {"anyOf": [{"type": "number", "maximum": 1}, {"type": "null"}]},
        "kind": {"enum": ["a", "b"]},
        "reason": {"type": "string", "x-extensible-enum": ["late", "future"]},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        "by_name": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Part"}},
    },
    "required": ["id", "kind"],
    "$defs": {"Part": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The schema with one thing put in another's place; `...` takes it away."""
    schema = copy.deepcopy(BASE)
    *way, last = path.split("/")
    node: Any = schema
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return schema


def breaks(path: str, value: Any, direction: Direction) -> list[str]:
    return breaking_changes(BASE, changed(path, value), direction)


BOTH: Final = [
    ("properties/count", ...),
    ("$defs/Part/properties/name", ...),
    ("properties/count/type", "string"),
    ("properties/id/pattern", "^[0-9]+$"),
    ("properties/reason/x-extensible-enum", ["late"]),
]
NARROWER: Final = [
    ("properties/kind/enum", ["a"]),
    ("properties/kind", {"const": "a"}),
    ("properties/id/maxLength", 4),
    ("properties/count/minimum", 1),
    ("properties/share", {"type": "number", "maximum": 1}),
    ("properties/share/anyOf/0/maximum", 0.5),
    ("required", ["id", "kind", "count"]),
    ("properties/parts/items/minProperties", 1),
    ("$defs/Part/properties/name/enum", ["x"]),
    ("$defs/Part/additionalProperties", False),
    ("properties/id/format", "uuid"),
]
WIDER: Final = [
    ("properties/kind/enum", ["a", "b", "c"]),
    ("properties/kind/enum", ...),
    ("properties/id/maxLength", 16),
    ("properties/id/pattern", ...),
    ("properties/count/minimum", ...),
    ("properties/count/type", "number"),
    ("properties/count/type", ["integer", "null"]),
    ("properties/share/anyOf", [{"type": "number", "maximum": 1}, {"type": "null"}, {"type": "string"}]),
    ("required", ["id"]),
    ("$defs/Part/required", []),
]
NEITHER: Final = [
    ("properties/id/description", "A name."),
    ("properties/more", {"type": "string"}),
    ("properties/reason/x-extensible-enum", ["late", "future", "oversize"]),
    ("title", "Other"),
]


@pytest.mark.parametrize("direction", ["input", "output"])
@pytest.mark.parametrize(("path", "value"), BOTH)
def test_what_is_gone_or_means_something_else_breaks_everybody(path: str, value: Any, direction: Direction) -> None:
    assert breaks(path, value, direction)


@pytest.mark.parametrize(("path", "value"), NARROWER)
def test_a_narrower_schema_breaks_producers_alone(path: str, value: Any) -> None:
    assert len(breaks(path, value, "input")) >= 1
    assert breaks(path, value, "output") == []


@pytest.mark.parametrize(("path", "value"), WIDER)
def test_a_wider_schema_breaks_readers_alone(path: str, value: Any) -> None:
    assert len(breaks(path, value, "output")) >= 1
    assert breaks(path, value, "input") == []


@pytest.mark.parametrize("direction", ["input", "output"])
@pytest.mark.parametrize(("path", "value"), NEITHER)
def test_words_and_new_fields_break_nobody(path: str, value: Any, direction: Direction) -> None:
    assert breaks(path, value, direction) == []


@pytest.mark.parametrize("each", published(), ids=lambda each: each.name)
def test_a_schema_does_not_break_itself_and_each_of_its_fields_is_needed(each: Any) -> None:
    assert breaking_changes(each.schema, copy.deepcopy(each.schema), each.direction) == []
    for name in list(each.schema.get("properties", {})):
        without = copy.deepcopy(each.schema)
        del without["properties"][name]
        assert f"$.{name}: the field is gone" in breaking_changes(each.schema, without, each.direction)


def test_a_kind_of_event_that_is_refused_from_now_on_breaks_its_producers() -> None:
    (event,) = [each for each in published() if each.name == "event.v1"]
    fewer = event.schema | {"oneOf": event.schema["oneOf"][1:]}
    (found,) = breaking_changes(event.schema, fewer, "input")
    assert "is not accepted any more" in found
    assert breaking_changes(fewer, event.schema, "input") == []


def test_what_breaks_is_named_with_its_place() -> None:
    assert breaks("$defs/Part/properties/name", ..., "output") == [
        "$.parts[].name: the field is gone",
        "$.by_name.*.name: the field is gone",
    ]
    assert breaks("required", ["id", "kind", "count"], "input") == ["$.count: is required now"]
    assert breaks("properties/kind/enum", ["a", "b", "c"], "output") == ["$.kind: 'c' is new to readers"]
