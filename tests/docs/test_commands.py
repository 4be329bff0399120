"""What the pages tell people to type can be typed. The README's own commands are executed by its own tests, those that
ask brokers in tests/integration.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from leadpulse.main import build_parser
from tests.docs.blocks import ROOT, blocks, commands

PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))
MAKEFILES = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "Makefile", *(ROOT / "make").glob("*.mk")])
ASK_BROKERS = {"dlq", "topics", "history", "probe"}
OF_THE_README = commands("README.md")
TOLD = sorted({(page, command) for page in PAGES for command in commands(page) if command not in OF_THE_README})


SHOWN = [
    (page, line)
    for page in PAGES
    for block in blocks(page)
    if block.language == "sh"
    for line in block.text.splitlines()
    if line.startswith("leadpulse ")
]


@pytest.mark.parametrize(("page", "command"), SHOWN, ids=lambda each: each)
def test_a_command_that_is_shown_is_understood(page: str, command: str) -> None:
    build_parser().parse_args(shlex.split(command)[1:])


def test_the_pages_tell_commands() -> None:
    assert TOLD


@pytest.mark.parametrize(("page", "command"), TOLD, ids=lambda each: each)
def test_a_command_works(page: str, command: str, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command)
    if program == "make":
        # A target is minutes long, or needs what not every machine has; that there is one is what can be seen here.
        assert re.search(rf"^{arguments[0]}:.*## ", MAKEFILES, re.MULTILINE), f"{page} tells of no target there is"
        return
    assert program == "leadpulse", f"{page}: {command}"
    if arguments[0] in ASK_BROKERS:
        build_parser().parse_args(arguments)
        return
    for number, block in enumerate(each for each in blocks(page) if each.language == "yaml"):
        (tmp_path / ("leadpulse.yaml" if number == 0 else f"{number}.yaml")).write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "leadpulse.main", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{page}: {command}\n{done.stderr[-2_000:]}"
