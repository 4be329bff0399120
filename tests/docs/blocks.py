"""The fenced blocks and the tables of a document."""

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent.parent
_SECTION: Final = re.compile(r"^#+ ([^\n]*)\n(.*?)(?=^#|\Z)", re.DOTALL | re.MULTILINE)
_ROW: Final = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """language: what stands behind the opening fence, possibly nothing."""

    language: str
    text: str


def blocks(document: str) -> list[Block]:
    """All fenced blocks of a document in the repository, in order."""
    return [Block(*found) for found in _FENCE.findall((ROOT / document).read_text(encoding="utf-8"))]


def commands(document: str) -> list[str]:
    """What a reader is told to type: the lines after a `$` in its console blocks."""
    lines = [line for block in blocks(document) if block.language == "console" for line in block.text.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def named(document: str, section: str) -> list[str]:
    """What the tables below a heading describe: the code at the beginning of each row, in order."""
    text = _FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))
    (found,) = [content for heading, content in _SECTION.findall(text) if heading == section]
    return _ROW.findall(found)
