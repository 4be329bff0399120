"""The chart's values are all described, closed to typos, and used; what is generated from them is fresh."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from schemas.events import CHANNELS
from schemas.load import default_settings
from tests.chart.reference import CHART, Value, generate, stale, values

VALUES = values((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
TEMPLATES = "\n".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").rglob("*.*"))


def properties(node: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of the schema by its path, without those of the settings."""
    for key, inner in node.get("properties", {}).items():
        yield f"{above}{key}", inner
        if above + key != "settings":
            yield from properties(inner, f"{above}{key}.")


def test_readme_and_schema_are_fresh() -> None:
    assert stale() == [], "run make chart-reference"


def test_what_is_stale_is_found(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, content in generate().items():
        (tmp_path / path.name).write_text(content + " ", encoding="utf-8")
    fresh = {tmp_path / path.name: content for path, content in generate().items()}
    monkeypatch.setattr("tests.chart.reference.generate", lambda: fresh)
    assert stale() == ["README.md", "values.schema.json"]


@pytest.mark.parametrize("value", [each for each in VALUES if not each.section], ids=lambda value: value.path)
def test_a_value_is_described_in_a_sentence(value: Value) -> None:
    assert value.schema.get("resources") or value.description.endswith("."), value.path


def test_every_value_and_nothing_else_is_in_the_schema() -> None:
    known = {path for path, _ in properties(SCHEMA)}
    named = {value.path for value in VALUES}
    assert named <= known
    assert {path for path in known - named if path.split(".")[0] not in ("global", "affinity")} == {
        path for path in known - named if re.match(r"(trainer\.)?resources\.", path)
    }


@pytest.mark.parametrize("value", [each for each in VALUES if each.section], ids=lambda value: value.path)
def test_a_section_refuses_unknown_keys(value: Value) -> None:
    assert dict(properties(SCHEMA))[value.path]["additionalProperties"] is False


def test_the_settings_refuse_unknown_keys_in_every_section() -> None:
    sections = [node for node in SCHEMA["$defs"].values() if node["type"] == "object" and "properties" in node]
    assert len(sections) > 20
    assert all(node["additionalProperties"] is False for node in [SCHEMA["properties"]["settings"], *sections])


@pytest.mark.parametrize("value", [each for each in VALUES if not each.section], ids=lambda value: value.path)
def test_a_value_decides_something(value: Value) -> None:
    """Templates read it by its path, or by its name below a section that they took out."""
    section, _, name = value.path.rpartition(".")
    by_path = re.search(rf"\.Values\.{re.escape(value.path)}\b", TEMPLATES)
    above = [section.rsplit(".", depth)[0] for depth in range(section.count(".") + 1)]
    by_name = re.search(rf"\.{name}\b", TEMPLATES) if any(f".Values.{each}" in TEMPLATES for each in above) else None
    assert by_path or (section and by_name), f"nothing reads {value.path}"


def test_templates_read_no_value_that_is_not_there() -> None:
    known = {value.path for value in VALUES}
    read = {found.rstrip(".") for found in re.findall(r"\.Values\.([A-Za-z.]+)", TEMPLATES)}
    assert {path for path in read - known if not path.startswith("settings.")} == set()


def test_the_chart_and_the_package_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    package = re.search(r'^version = "(.+)"$', (CHART.parents[1] / "pyproject.toml").read_text("utf-8"), re.M)
    assert package is not None
    assert chart["version"] == chart["appVersion"] == package[1]


def test_the_inputs_are_those_of_the_product() -> None:
    found = {value.path: value for value in VALUES}
    assert found["topics.inputs"].default == list(CHANNELS)
    assert found["topics.inputs"].schema["items"]["enum"] == list(CHANNELS)


def test_the_shipped_settings_pass_the_schema_of_settings() -> None:
    known = SCHEMA["properties"]["settings"]["properties"]
    assert set(default_settings()) <= set(known)
