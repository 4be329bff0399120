"""`leadpulse contracts`: the published contracts, written and checked."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import schemas
from schemas.contracts import asyncapi
from schemas.contracts.compatibility import breaking_changes
from schemas.contracts.json_schemas import Published, published

PUBLISHED: Final = Path(schemas.__file__).parent / "published"
DOCUMENT: Final = "asyncapi.yaml"

DESCRIPTION = """The contracts of the topics, for subscribers and producers in any language.

examples:
  leadpulse contracts write                     writes asyncapi.yaml and the JSON Schemas anew, for a commit
  leadpulse contracts write --out build/api     writes them elsewhere
  leadpulse contracts check                     exit 1 where a published schema breaks or is out of date
  leadpulse contracts check --json              the same for a program

What would break those who work by a published schema is never written over it: it needs a new version.
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "contracts",
        help="write and check the published contracts",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    write = actions.add_parser("write", help="write the AsyncAPI document and the JSON Schemas")
    write.add_argument("--out", type=Path, default=PUBLISHED, metavar="DIR", help="where to (default: where they lie)")
    write.set_defaults(run=_write)
    check = actions.add_parser("check", help="compare what is published with the code")
    check.add_argument("--published", type=Path, default=PUBLISHED, metavar="DIR", help="where it lies")
    check.add_argument("--json", action="store_true", help="the findings as JSON")
    check.set_defaults(run=_check)


def _write(arguments: argparse.Namespace) -> int:
    files = {f"{each.name}.json": _text(each) for each in published()} | {DOCUMENT: asyncapi.text()}
    broken = [problem for each in published() for problem in _breaks(arguments.out, each)]
    if broken:
        _say(broken)
        return 1
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (arguments.out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"leadpulse contracts: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{len(files)} files in {arguments.out}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    broken = [problem for each in published() for problem in _breaks(arguments.published, each)]
    texts = {f"{each.name}.json": _text(each) for each in published()} | {DOCUMENT: asyncapi.text()}
    stale = [
        f"{name} is not what the code says: run leadpulse contracts write, and commit what it writes"
        for name, text in texts.items()
        if _read(arguments.published / name) != text
    ]
    there = {path.name for path in arguments.published.glob("*")}
    stale += [f"{name} is published and unknown to the code: a version stays" for name in sorted(there - texts.keys())]
    if arguments.json:
        print(json.dumps({"breaking": broken, "stale": stale}, indent=1))
    else:
        _say(broken + stale)
        print(f"{len(texts)} contracts, {len(broken)} breaking changes, {len(stale)} out of date")
    return 1 if broken or stale else 0


def _breaks(directory: Path, each: Published) -> list[str]:
    """What of the schema breaks those who work by the file."""
    before = _read(directory / f"{each.name}.json")
    if before is None:
        return []
    try:
        old = json.loads(before)
    except ValueError:
        return [f"{each.name}: the published file is no JSON; restore it"]
    return [
        f"{each.name}: {problem}; publish a new version instead"
        for problem in breaking_changes(old, each.schema, each.direction)
    ]


def _text(each: Published) -> str:
    return json.dumps(each.schema, indent=1, ensure_ascii=False) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _say(problems: list[str]) -> None:
    for problem in problems:
        print(f"leadpulse contracts: {problem}", file=sys.stderr)
