"""What docs/deployment.md and the chart's README tell people is there."""

import re
from typing import Any

import pytest
import yaml

from bench.worker import AS_IN_THE_IMAGE
from schemas.load import default_settings
from schemas.settings import Settings
from tests.chart.reference import CHART, values
from tests.docs.blocks import ROOT, blocks, commands

PAGE = "docs/deployment.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
MAKEFILES = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "Makefile", *(ROOT / "make").glob("*.mk")])


def paths(content: dict[str, Any], above: str = "") -> set[str]:
    """Every path of an example's values, down to what is no section; `settings` is one."""
    found = set()
    for key, inner in content.items():
        path = f"{above}{key}"
        found |= paths(inner, f"{path}.") if isinstance(inner, dict) and path != "settings" else {path}
    return found


def known() -> set[str]:
    return {value.path for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("command", commands(PAGE))
def test_a_command_is_a_target(command: str) -> None:
    program, target = command.split()
    assert program == "make"
    assert re.search(rf"^{target}:.*## ", MAKEFILES, re.M)


def test_its_table_has_every_target_of_a_deployment() -> None:
    told = set(re.findall(r"^\| `make (\w+)` \|", TEXT, re.M))
    assert told == {"chart", "image", "compose", "cluster"}
    assert all(re.search(rf"^{target}:.*## ", MAKEFILES, re.M) for target in told)


def test_the_example_sets_values_that_are_there() -> None:
    (text,) = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    content = yaml.safe_load(text)
    assert paths(content) <= known()
    Settings.model_validate(default_settings() | content["settings"])


def test_every_value_that_the_page_names_is_there() -> None:
    sections = {value.path.split(".")[0] for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))}
    named = set(re.findall(r"`([a-zA-Z]+\.[a-zA-Z.]+)`", TEXT))
    of_the_chart = {path for path in named if path.split(".")[0] in sections and not path.endswith((".yml", ".txt"))}
    assert len(of_the_chart) > 10
    assert of_the_chart - known() == set()


def test_the_images_are_those_that_the_page_names() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"^FROM runtime AS (\w+)$", dockerfile, re.M)) == {"worker", "trainer"}
    for lock in ("image", "trainer"):
        assert f"requirements/{lock}.txt" in dockerfile
        assert f"requirements/{lock}.txt" in TEXT


def test_the_bench_measures_a_worker_with_the_environment_of_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name, value in AS_IN_THE_IMAGE.items():
        assert re.search(rf"^(ENV)? +{name}={re.escape(value)} ", dockerfile, re.M)
        assert f"`{name}={value}`" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
