"""What no file of the repository may hold, and what its documents must."""

import re
import subprocess

import pytest

from tests.house.repository import ROOT, files, text

# Written in two parts, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["ro" + "ot", "wo" + "rk", "ho" + r"me/\w+", "Us" + r"ers/\w+"]) + r")(?=/|\b)(?!=)"
)
ALL = files()


@pytest.mark.parametrize("path", files("requirements/*", "*.lock", "**/*.lock"))
def test_a_lock_file_names_no_address(path: str) -> None:
    content = text(path)
    assert not re.search(r"https?:|index-url|find-links|trusted-host", content)
    assert not re.search(r"^\s*(-e|file:|git\+)", content, re.M)


@pytest.mark.parametrize("path", files("requirements/*.txt"))
def test_every_locked_package_has_hashes(path: str) -> None:
    packages = re.split(r"\n(?=\S)", text(path).strip())
    assert packages
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("path", [path for path in ALL if path != "LICENSE"])
def test_no_file_names_a_place_on_the_machine_it_was_written_on(path: str) -> None:
    found = [match[0] for match in MACHINE_PATHS.finditer(text(path))]
    assert found == []


def test_files_of_a_build_are_not_kept() -> None:
    kept = [path for path in ALL if re.search(r"(^|/)(build|__pycache__|\.venv|\.hypothesis)/|\.(pyc|nbi|nbc)$", path)]
    assert kept == []


def test_every_text_ends_with_a_newline() -> None:
    assert [path for path in ALL if text(path) and not text(path).endswith("\n")] == []


def test_the_licence_is_there() -> None:
    assert "Apache License" in text("LICENSE")
    assert 'license = "Apache-2.0"' in text("pyproject.toml")


def test_git_ignores_what_the_targets_make() -> None:
    made = [".venv/x", "build/x", ".mypy_cache/x", ".pytest_cache/x", ".hypothesis/x", "leadpulse.egg-info/x"]
    done = subprocess.run(["git", "check-ignore", *made], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == made
