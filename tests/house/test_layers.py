"""The import rules of pyproject.toml hold, and the map of the code has every module, once."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.house.repository import PACKAGES, ROOT, files, text

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
MODULES = [path for path in files(*(f"{package}/*.py" for package in PACKAGES)) if not path.endswith("__init__.py")]


def lint(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_import_rule_holds() -> None:
    done = lint()
    assert done.returncode == 0, done.stdout + done.stderr
    kept = re.search(r"Contracts: (\d+) kept, 0 broken", done.stdout)
    assert kept is not None
    assert int(kept[1]) == text("pyproject.toml").count("[[tool.importlinter.contracts]]")


def test_a_broken_import_rule_would_be_found(tmp_path: Path) -> None:
    config = tmp_path / "strict.toml"
    config.write_text(
        '[tool.importlinter]\nroot_packages = ["schemas", "stream"]\n'
        '[[tool.importlinter.contracts]]\nname = "upside down"\ntype = "layers"\nlayers = ["schemas", "stream.core"]\n'
    )
    done = lint("--config", str(config))
    assert done.returncode != 0
    assert "upside down BROKEN" in done.stdout


def test_the_oracle_shares_nothing_with_what_it_judges() -> None:
    for path in files("tests/oracle/*.py"):
        found = re.findall(r"^\s*(?:from|import) (schemas|stream|training|leadpulse)\b", text(path), re.M)
        assert found == [], path


@pytest.mark.parametrize("path", MODULES)
def test_the_map_has_the_module_once(path: str) -> None:
    lines = [line for line in text("ARCHITECTURE.md").splitlines() if line.startswith(f"- `{path}`: ")]
    assert len(lines) == 1, f"ARCHITECTURE.md has {len(lines)} lines for it: give it one, and what it is for"


def test_the_map_has_nothing_that_is_not_there() -> None:
    named = re.findall(r"`((?:schemas|stream|training|leadpulse|bench|tests)/[\w/.]+\.\w+)`", text("ARCHITECTURE.md"))
    assert [path for path in named if not (ROOT / path).is_file()] == []
    mapped = Counter(re.findall(r"^- `([\w/]+\.py)`: ", text("ARCHITECTURE.md"), re.M))
    assert set(mapped) <= set(MODULES)
