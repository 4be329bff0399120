"""The published files are what the code says, change only as those who work by them can bear, and show examples."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from leadpulse.commands.contracts import DOCUMENT, PUBLISHED
from leadpulse.main import main
from schemas.contracts.json_schemas import HEADERS, published
from schemas.events import CHANNELS, EVENT
from schemas.settings import Topics
from schemas.topics import TopicNames
from tests.contracts.conformity import assert_fits
from tests.docs.blocks import blocks

ROOT: Final = Path(__file__).parents[2]
ASYNCAPI: Final[dict[str, Any]] = yaml.safe_load((PUBLISHED / DOCUMENT).read_text(encoding="utf-8"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The published files, to change them."""
    return Path(shutil.copytree(PUBLISHED, tmp_path / "published"))


def change(directory: Path, name: str, **properties: Any) -> None:
    """Gives a published schema other properties than the code's: as if the code had changed since."""
    path = directory / f"{name}.json"
    schema = json.loads(path.read_text())
    schema["properties"] |= properties
    path.write_text(json.dumps(schema, indent=1) + "\n")


def test_what_is_published_is_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "check"]) == 0, capsys.readouterr().err
    assert "0 breaking changes, 0 out of date" in capsys.readouterr().out


def test_a_field_that_the_code_has_no_longer_is_found_and_not_written_over(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(copy, "score-changed.v1", region={"type": "string"})
    before = (copy / "score-changed.v1.json").read_bytes()
    assert main(["contracts", "check", "--published", str(copy), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["breaking"] == ["score-changed.v1: $.region: the field is gone; publish a new version instead"]
    assert main(["contracts", "write", "--out", str(copy)]) == 1
    assert "$.region: the field is gone" in capsys.readouterr().err
    assert (copy / "score-changed.v1.json").read_bytes() == before


def test_what_is_out_of_date_is_found_and_written_anew(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "spike-alert.v1.json"
    schema = json.loads(path.read_text())
    schema["description"] = "As it was."
    path.write_text(json.dumps(schema))
    assert main(["contracts", "check", "--published", str(copy)]) == 1
    assert "spike-alert.v1.json is not what the code says" in capsys.readouterr().err
    assert main(["contracts", "write", "--out", str(copy)]) == 0
    assert path.read_bytes() == (PUBLISHED / path.name).read_bytes()


def test_a_version_that_the_code_has_forgotten_is_missed(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(copy / "event.v1.json", copy / "event.v0.json")
    assert main(["contracts", "check", "--published", str(copy)]) == 1
    assert "event.v0.json is published and unknown" in capsys.readouterr().err


def test_the_document_has_every_topic_of_a_deployment_but_the_state() -> None:
    names = TopicNames.of(Topics(prefix="acme.prod"))
    addresses = {channel["address"].replace("{prefix}", "acme.prod") for channel in ASYNCAPI["channels"].values()}
    inputs = {names.input(channel) for channel in CHANNELS}
    assert addresses == inputs | set(names.outputs) - {names.changelog}
    assert ASYNCAPI["channels"]["latest-scores"]["bindings"]["kafka"]["topicConfiguration"]["cleanup.policy"] == [
        "compact"
    ]


def test_the_worker_receives_the_inputs_and_sends_the_rest() -> None:
    actions = {each["channel"]["$ref"].rpartition("/")[2]: each["action"] for each in ASYNCAPI["operations"].values()}
    assert actions == {name: "receive" if name in CHANNELS else "send" for name in ASYNCAPI["channels"]}


def test_every_reference_of_the_document_leads_somewhere() -> None:
    for reference in re.findall(r"\$ref: '?#/([^'\s]+)", (PUBLISHED / DOCUMENT).read_text(encoding="utf-8")):
        node = ASYNCAPI
        for step in reference.split("/"):
            node = node[step]


def test_the_schemas_of_document_and_files_have_the_same_fields() -> None:
    named = {"score-changed.v1": "ScoreChange", "score-latest.v1": "LatestScore", "spike-alert.v1": "Alert"}
    named |= {name: name for name in HEADERS}
    for each in published():
        if each.name in named:
            inside = ASYNCAPI["components"]["schemas"][named[each.name]]
            assert inside["properties"].keys() == each.schema["properties"].keys()
            assert inside["required"] == each.schema["required"]


def example(message: str) -> Any:
    return ASYNCAPI["components"]["messages"][message]["examples"][0]["payload"]


def test_the_examples_are_those_of_the_reference_which_are_real() -> None:
    events, *outputs = (json.loads(block.text) for block in blocks("docs/records.md") if block.language == "json")
    assert example("event") == events[0]
    assert [example(kind) for kind in ("change", "latest", "alert")] == outputs[:3]
    EVENT.validate_json(json.dumps(example("event")))


@pytest.mark.parametrize("spoilt", [{"id": "x"}, {"trigger": {"topic": "t"}}, {"scores": {"conversion": {}}}])
def test_a_record_that_does_not_fit_is_noticed(spoilt: dict[str, Any]) -> None:
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"0" * 32),
        ("ce_source", b"/leadpulse/a"),
        ("ce_type", b"leadpulse.spike.alert.v1"),
        ("ce_time", b"2026-03-01T09:30:00.000Z"),
        ("ce_subject", b"ann"),
        ("content-type", b"application/json"),
        ("ce_dataschema", b"urn:leadpulse:schema:spike.alert:v1"),
    ]
    good = json.dumps(example("alert")).encode()
    assert_fits("acme.alerts", good, headers)
    with pytest.raises(AssertionError, match=r"not valid by spike-alert\.v1"):
        assert_fits("acme.alerts", json.dumps(example("alert") | spoilt).encode(), headers)
    for place in range(len(headers)):
        with pytest.raises(AssertionError, match=r"not valid by spike-alert-headers\.v1"):
            assert_fits("acme.alerts", good, headers[:place] + headers[place + 1 :])


@pytest.mark.contracts
def test_the_official_parser_finds_nine_channels_and_refuses_a_wrong_action(tmp_path: Path) -> None:
    modules = Path(os.environ["LEADPULSE_CONTRACT_TOOLS"]) / "asyncapi" / "node_modules"

    def parse(document: Path) -> subprocess.CompletedProcess[str]:
        command = ["node", str(ROOT / "tests/contracts/parse.mjs"), str(document)]
        own = os.environ | {"NODE_PATH": str(modules.resolve())}
        return subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=120)

    done = parse(PUBLISHED / DOCUMENT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"version": "3.1.0", "channels": 9, "messages": 5}
    wrong = tmp_path / DOCUMENT
    wrong.write_text((PUBLISHED / DOCUMENT).read_text().replace("action: send", "action: whisper", 1))
    assert parse(wrong).returncode == 1
