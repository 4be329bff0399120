"""The chart's README and the schema of its values, made from the comments of values.yaml.

`python -m tests.chart.reference --write` writes both; `make chart` and a test fail where they are stale. In values.yaml
a comment that begins with `# --` describes the key below it, and `# @schema` adds to what its default says of it.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from schemas.settings import Settings

CHART: Final = Path(__file__).parents[2] / "helm" / "leadpulse"
_TYPES: Final = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}
_AMOUNT: Final[dict[str, Any]] = {"type": "string", "pattern": "^[0-9.]+(m|[KMGT]i?|k)?$"}
_AMOUNTS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"cpu": _AMOUNT, "memory": _AMOUNT, "ephemeral-storage": _AMOUNT},
}


class Value(NamedTuple):
    """One value. schema: what `# @schema` adds. section: whether other values are below it."""

    path: str
    default: Any
    description: str
    schema: dict[str, Any]
    section: bool


def values(text: str) -> list[Value]:
    """Every value of values.yaml, in its order, a section before what it holds."""
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    return list(_values(root, text.splitlines(), ""))


def _values(node: yaml.MappingNode, lines: list[str], above: str) -> Iterator[Value]:
    for key, inner in node.value:
        path = f"{above}{key.value}"
        description, schema = _comment(lines, key.start_mark.line)
        section = isinstance(inner, yaml.MappingNode) and not inner.flow_style and not schema
        default = yaml.safe_load(yaml.serialize(inner))
        yield Value(path, default, description, schema, section)
        if section:
            yield from _values(inner, lines, f"{path}.")


def _comment(lines: list[str], at: int) -> tuple[str, dict[str, Any]]:
    """Description and schema from the comment right above a line."""
    begin = at
    while begin > 0 and lines[begin - 1].strip().startswith("#"):
        begin -= 1
    said: list[str] = []
    schema: dict[str, Any] = {}
    for line in (each.strip().removeprefix("#").strip() for each in lines[begin:at]):
        if line.startswith("@schema "):
            schema = yaml.safe_load(line.removeprefix("@schema "))
        elif line.startswith("-- "):
            said = [line.removeprefix("-- ")]
        elif said:
            said.append(line)
    return " ".join(said), schema


def make_schema(found: list[Value]) -> dict[str, Any]:
    """JSON Schema of the values: unknown keys are refused in every section."""
    settings = Settings.model_json_schema()
    root: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the chart leadpulse",
        "type": "object",
        "additionalProperties": False,
        # Helm hands these to every chart that is another's dependency.
        "properties": {"global": {"type": "object", "description": "Shared by charts; not read here."}},
        "$defs": settings.pop("$defs"),
    }
    # The shipped defaults stand for every section that the user's settings leave out.
    settings.pop("required")
    for value in found:
        section, _, key = value.path.rpartition(".")
        _at(root, section)["properties"][key] = _of(value, settings)
    return root


def _at(root: dict[str, Any], section: str) -> dict[str, Any]:
    node = root
    for key in filter(None, section.split(".")):
        node = node["properties"][key]
    return node


def _of(value: Value, settings: dict[str, Any]) -> dict[str, Any]:
    described = {"description": value.description} if value.description else {}
    if value.schema.get("settings"):
        return settings | described
    if value.schema.get("resources"):
        both = {"requests": _AMOUNTS, "limits": _AMOUNTS}
        return {"type": "object", "additionalProperties": False, "properties": both} | described
    if value.section:
        return {"type": "object", "additionalProperties": False, "properties": {}} | described
    kind = {"type": _TYPES[type(value.default)]} if value.default is not None else {}
    return kind | value.schema | described


def make_readme(found: list[Value], template: str) -> str:
    """The template with a table of all values."""
    rows = ["| value | default | what it is |", "|---|---|---|"]
    for value in found:
        if not value.section:
            shown = json.dumps(value.default, ensure_ascii=False).replace("|", "\\|")
            rows.append(f"| `{value.path}` | `{shown}` | {value.description or _implied(value)} |")
    return template.replace("{{ values }}", "\n".join(rows))


def _implied(value: Value) -> str:
    assert value.schema.get("resources"), f"{value.path} is not described in values.yaml"
    return "What the container asks for and may take at most. No CPU limit: it would hold up epochs."


def generate() -> dict[Path, str]:
    """The content that each generated file should have."""
    found = values((CHART / "values.yaml").read_text(encoding="utf-8"))
    template = (CHART / "README.md.tpl").read_text(encoding="utf-8")
    schema = json.dumps(make_schema(found), indent=1, ensure_ascii=False)
    return {CHART / "README.md": make_readme(found, template), CHART / "values.schema.json": schema + "\n"}


def stale() -> list[str]:
    """Names of generated files that values.yaml, the template or the settings have moved away from."""
    return [
        path.name
        for path, content in generate().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]


def main(arguments: list[str]) -> int:
    """0 where all is fresh or was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the files instead of comparing them")
    if parser.parse_args(arguments).write:
        for path, content in generate().items():
            path.write_text(content, encoding="utf-8")
        return 0
    found = stale()
    if found:
        print(f"stale: {', '.join(found)}; run make chart-reference", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
