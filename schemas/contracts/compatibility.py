"""Whether a new version of a JSON Schema breaks those who work by the old one.

A producer's schema may only become wider: what was valid stays valid. A reader's may only become narrower: whatever is
written now is valid by the old one too. In both a field that is taken away breaks, since somebody uses it; fields may
be added. The comparison knows the keywords that pydantic writes, and reports a keyword that it does not know when that
changes, so that nothing passes unseen.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.contracts.json_schemas import Direction

_ALL_TYPES: Final = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_NESTED: Final = frozenset(
    ("properties", "required", "items", "additionalProperties", "anyOf", "oneOf", "type", "enum", "const", "$ref")
)
_SAYING: Final = frozenset(
    ("title", "description", "default", "examples", "$schema", "$id", "$defs", "discriminator", "x-extensible-enum")
)

Schema = Mapping[str, Any]
Pairs = tuple[tuple[int, int], ...]
"""Which schemas are being compared at the moment, by identity."""


class _Side(NamedTuple):
    """A schema, and the document that its references point into."""

    root: Schema
    node: Schema

    def at(self, node: Any) -> "_Side":
        """A schema within the same document; true and false are schemas too."""
        return _Side(self.root, {} if node is True else {"enum": []} if node is False else node).resolved()

    def resolved(self) -> "_Side":
        """What a reference refers to, with what stands beside the reference."""
        node = self.node
        while "$ref" in node:
            name = node["$ref"].removeprefix("#/$defs/")
            beside = {key: value for key, value in node.items() if key not in _SAYING and key != "$ref"}
            # Without copying where it can be, so that a schema that refers to itself is recognised.
            node = {**self.root["$defs"][name], **beside} if beside else self.root["$defs"][name]
        return _Side(self.root, node)

    def ways(self) -> list[Any] | None:
        """The alternatives, if it is made of such."""
        found: list[Any] | None = self.node.get("anyOf", self.node.get("oneOf"))
        return found


def breaking_changes(old: Schema, new: Schema, direction: Direction) -> list[str]:
    """What breaks, each with its place; nothing where the new version is compatible."""
    return list(_compare(_Side(old, old).resolved(), _Side(new, new).resolved(), direction, "$", ()))


def _compare(old: _Side, new: _Side, direction: Direction, at: str, above: Pairs) -> Iterator[str]:
    here = (id(old.node), id(new.node))
    if here in above:
        return
    above = (*above, here)
    inner, outer = (old, new) if direction == "input" else (new, old)
    if inner.ways() is not None or outer.ways() is not None:
        yield from _compare_ways(inner, outer, direction, at, above)
        return
    yield from _types(inner.node, outer.node, direction, at)
    yield from _values(inner.node, outer.node, direction, at)
    yield from _bounds(inner.node, outer.node, direction, at)
    yield from _required(old.node, new.node, direction, at)
    gone = set(old.node.get("x-extensible-enum", ())) - set(new.node.get("x-extensible-enum", ()))
    if gone:
        yield f"{at}: {_and(gone)} is gone"
    for name, node in old.node.get("properties", {}).items():
        if name not in new.node.get("properties", {}):
            yield f"{at}.{name}: the field is gone"
            continue
        found = new.node["properties"][name]
        yield from _compare(old.at(node), new.at(found), direction, f"{at}.{name}", above)
    for key, place in (("items", "[]"), ("additionalProperties", ".*")):
        if key in outer.node:
            before, after = old.at(old.node.get(key, True)), new.at(new.node.get(key, True))
            yield from _compare(before, after, direction, at + place, above)


def _compare_ways(inner: _Side, outer: _Side, direction: Direction, at: str, above: Pairs) -> Iterator[str]:
    """Each way of the narrower side must fit one of the wider side's."""
    for node in inner.ways() or [inner.node]:
        narrow = inner.at(node)
        attempts = []
        for other in outer.ways() or [outer.node]:
            wide = outer.at(other)
            pair = (narrow, wide) if direction == "input" else (wide, narrow)
            attempts.append(list(_compare(*pair, direction, at, above)))
        closest = min(attempts, key=len)
        if closest:
            what = "is not accepted any more" if direction == "input" else "is new to readers"
            yield f"{at}: {_named(narrow.node)} {what}: {'; '.join(closest)}"


def _types(inner: Schema, outer: Schema, direction: Direction, at: str) -> Iterator[str]:
    more = _types_of(inner) - _types_of(outer)
    if more:
        yield f"{at}: {_and(more)} {'is not accepted any more' if direction == 'input' else 'is new to readers'}"


def _types_of(node: Schema) -> frozenset[str]:
    named = node.get("type", list(_ALL_TYPES))
    found = frozenset([named] if isinstance(named, str) else named)
    return found | {"integer"} if "number" in found else found


def _values(inner: Schema, outer: Schema, direction: Direction, at: str) -> Iterator[str]:
    wanted = _allowed(outer)
    if wanted is not None:
        given = _allowed(inner)
        more = ["any value"] if given is None else [repr(value) for value in given if value not in wanted]
        if more:
            yield f"{at}: {_and(more)} {'is not accepted any more' if direction == 'input' else 'is new to readers'}"


def _allowed(node: Schema) -> list[Any] | None:
    if "const" in node:
        return [node["const"]]
    found: list[Any] | None = node.get("enum")
    return found


def _bounds(inner: Schema, outer: Schema, direction: Direction, at: str) -> Iterator[str]:
    what = "narrower" if direction == "input" else "wider"
    for key in _LOWER:
        if key in outer and not inner.get(key, float("-inf")) >= outer[key]:
            yield f"{at}: {key} is {what}"
    for key in _UPPER:
        if key in outer and not inner.get(key, float("inf")) <= outer[key]:
            yield f"{at}: {key} is {what}"
    known = {*_LOWER, *_UPPER, *_NESTED, *_SAYING}
    for key in sorted((inner.keys() | outer.keys()) - known):
        if key in outer and inner.get(key) != outer[key]:
            yield (
                f"{at}: {key} changed from {inner.get(key)!r} to {outer[key]!r}"
                if direction == "input"
                else (f"{at}: {key} changed from {outer[key]!r} to {inner.get(key)!r}")
            )


def _required(old: Schema, new: Schema, direction: Direction, at: str) -> Iterator[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    if direction == "input":
        yield from (f"{at}.{name}: is required now" for name in sorted(after - before))
    else:
        gone = before - after - (old.get("properties", {}).keys() - new.get("properties", {}).keys())
        yield from (f"{at}.{name}: need not be there any more" for name in sorted(gone))


def _named(node: Schema) -> str:
    return str(node.get("title") or node.get("type") or node.get("const") or "a kind")


def _and(names: Any) -> str:
    return ", ".join(sorted(map(str, names)))
