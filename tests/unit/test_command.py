"""The command `leadpulse` as a person meets it: what it prints, where, and its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadpulse.main import main
from schemas.digest import configuration_digest, features_digest
from schemas.load import load_settings
from schemas.settings import Settings

SECRET = "sehr-geheim"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LEADPULSE__")]:
        monkeypatch.delenv(name)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed program, in a process of its own."""
    program = Path(sys.executable).with_name("leadpulse")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def exits(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    assert isinstance(left.value.code, int)
    return left.value.code


def write(directory: Path, content: dict[str, Any]) -> str:
    path = directory / "leadpulse.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_the_program_introduces_itself_and_its_commands() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("usage: leadpulse")
    for command in ("worker", "train", "simulate", "demo", "config"):
        assert f"\n    {command} " in done.stdout


def test_a_mistake_in_the_settings_ends_the_program_with_2(tmp_path: Path) -> None:
    done = run("config", "check", "--config", write(tmp_path, {"kafka": {"boostrap": "x"}}))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("leadpulse: settings from ")
    assert "kafka.boostrap: no such setting; see `leadpulse config explain`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("scoer",), ("config",), ("config", "chek"), ("worker", "--log-level", "loud")]
)
def test_a_command_that_is_none_ends_with_2_and_says_which_there_are(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert exits(*arguments) == 2
    assert "usage: leadpulse" in capsys.readouterr().err


def test_check_prints_the_settings_in_force_and_their_digests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check"]) == 0
    printed = capsys.readouterr().out
    settings = load_settings(None, {})
    assert Settings.model_validate(yaml.safe_load(printed)) == settings
    assert f"# features digest {features_digest(settings)}\n" in printed
    assert printed.endswith(f"# configuration digest {configuration_digest(settings)}\n")


def test_check_prints_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    settings = load_settings(None, {})
    assert Settings.model_validate(printed["settings"]) == settings
    assert printed["digests"] == {
        "features": features_digest(settings),
        "configuration": configuration_digest(settings),
    }


def test_what_check_prints_is_a_settings_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check"]) == 0
    first = capsys.readouterr().out
    (tmp_path / "printed.yaml").write_text(first, encoding="utf-8")
    assert main(["config", "check", "--config", str(tmp_path / "printed.yaml")]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_check_shows_what_the_environment_says_but_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    security = {"protocol": "sasl", "mechanism": "PLAIN", "username": "ann", "password": "from-the-file"}
    path = write(tmp_path, {"kafka": {"security": security}})
    monkeypatch.setenv("LEADPULSE__KAFKA__SECURITY__PASSWORD", SECRET)
    monkeypatch.setenv("LEADPULSE__KAFKA__BOOTSTRAP", "elsewhere:9092")
    assert main(["config", "check", "--config", path, *form]) == 0
    printed = capsys.readouterr().out
    assert "elsewhere:9092" in printed
    assert "ann" in printed
    assert "**********" in printed
    assert SECRET not in printed
    assert "from-the-file" not in printed


@pytest.mark.parametrize("command", [["config", "check"], ["worker"]])
def test_a_settings_file_that_is_not_there_is_told_without_a_traceback(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--config", "absent.yaml"]) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert "leadpulse: cannot read the settings file absent.yaml: No such file or directory" in heard.err


def test_explain_prints_the_schema_that_the_settings_are_checked_by(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed["properties"]) == set(Settings.model_fields)
    assert printed["additionalProperties"] is False


def test_the_example_that_ships_can_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    examples = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
    assert examples
    for path in examples:
        assert main(["config", "check", "--config", str(path)]) == 0, path
