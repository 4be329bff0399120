"""The README does what it says."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from schemas.events import EVENT
from schemas.load import load_settings
from tests.docs.blocks import ROOT, blocks, commands


def _leadpulse(command: str) -> list[str]:
    program, *arguments = shlex.split(command)
    assert program == "leadpulse"
    return [sys.executable, "-m", "leadpulse.main", *arguments]


def _settings_file(folder: Path) -> Path:
    (text,) = [block.text for block in blocks("README.md") if block.language == "yaml"]
    path = folder / "leadpulse.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_its_first_two_commands_are_the_demo_and_the_tests() -> None:
    assert commands("README.md")[:2] == ["make demo", "make test"]
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo:", targets, re.MULTILINE)
    assert re.search(r"^test:", targets, re.MULTILINE)


def test_its_example_event_is_valid() -> None:
    (text,) = [block.text for block in blocks("README.md") if block.language == "json"]
    assert EVENT.validate_python(json.loads(text)).lead == "lead-000123"


def test_its_settings_file_can_be_used(tmp_path: Path) -> None:
    settings = load_settings(_settings_file(tmp_path), {})
    assert settings.topics.prefix == "acme.prod"
    (command,) = [each for each in commands("README.md") if each.startswith("leadpulse config check")]
    found = subprocess.run(_leadpulse(command), cwd=tmp_path, capture_output=True, text=True, check=True)
    shown = yaml.safe_load(found.stdout)
    assert shown["kafka"]["bootstrap"] == "broker-1:9092,broker-2:9092"
    assert "from the environment" not in found.stdout, "the password is masked"


def test_its_worker_command_starts_a_worker_that_says_what_it_waits_for(tmp_path: Path) -> None:
    _settings_file(tmp_path)
    (command,) = [each for each in commands("README.md") if each.startswith("leadpulse worker")]
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        local = {
            "LEADPULSE__KAFKA__BOOTSTRAP": "127.0.0.1:1",
            "LEADPULSE__STATE": str(tmp_path / "state"),
            "LEADPULSE__MODELS": str(tmp_path / "models"),
            "LEADPULSE__WEB__HOST": "127.0.0.1",
            "LEADPULSE__WEB__PORT": "16977",
        }
        worker = subprocess.Popen(_leadpulse(command), cwd=tmp_path, env=os.environ | local, stderr=log)
        try:
            answer = _wait_for("http://127.0.0.1:16977/readyz")
            assert "127.0.0.1:1" in answer, answer
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(90) == 0
        log.seek(0)
        assert log.read().count("127.0.0.1:1/") <= 2, "the same trouble is told once"


def _wait_for(address: str) -> str:
    """The body of the first 503 that names a cause beyond the start itself."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError as error:
            with error:
                body = error.read().decode()
            if "not connected yet" not in body:
                return body
        except OSError:
            pass
        time.sleep(0.2)
    pytest.fail(f"{address} named no cause within four minutes")


def test_its_training_commands_make_a_model(tmp_path: Path) -> None:
    told = commands("README.md")
    directory, *wanted = told[told.index("mkdir -p build") :]
    assert [each.split()[1] for each in wanted] == ["simulate", "train"]
    subprocess.run(shlex.split(directory), cwd=tmp_path, check=True)
    for command in wanted:
        # Without tuning, which takes half a minute and changes nothing that the README says.
        quick = os.environ | {"LEADPULSE__LEARNING__BUDGET": "0"}
        subprocess.run(_leadpulse(command), cwd=tmp_path, env=quick, check=True, capture_output=True)
    digest = (tmp_path / "build" / "models" / "current").read_text(encoding="ascii")
    manifest = json.loads((tmp_path / "build" / "models" / digest / "manifest.json").read_bytes())
    assert manifest["kind"] != "rules"


def test_every_file_that_it_links_to_is_there() -> None:
    for document in (
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")),
    ):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert ((ROOT / document).parent / target).exists(), f"{document} links to {target}"
