"""The repository's own files, as git knows them, those not committed yet included."""

import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("schemas", "stream", "training", "leadpulse", "bench")


def files(*patterns: str) -> list[str]:
    """Paths from the root, of files that are there, are not ignored and match a pattern of git's."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted({path for path in listed if path and (ROOT / path).is_file()})


def text(path: str) -> str:
    """The file's text; empty for what is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
