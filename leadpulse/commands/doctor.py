"""`leadpulse doctor`: what is here, what is missing, and what to do about it."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadpulse.examinations import Finding, State, examine_deployment, examine_machine, examine_product, state
from schemas.load import load_settings

DESCRIPTION = """Tries what worker, training and demo need on this machine. Exit 1 where something needed is missing.

examples:
  leadpulse doctor                           this machine
  leadpulse doctor --config leadpulse.yaml   with its Kafka, topics, model and state directory
"""

_SIGNS: Final[dict[State, tuple[str, str]]] = {
    "ok": ("✔", "green"),
    "warning": ("!", "yellow"),
    "missing": ("✘", "bold red"),
}


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "doctor",
        help="tell what is missing here, and what to do",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="also try what these settings name")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 where nothing needed is missing, else 1."""
    console = Console(stderr=True)
    findings: list[Finding] = []
    with console.status("examining", spinner="dots") as status:
        for finding in _examine(arguments.config):
            findings.append(finding)
            status.update(f"{finding.subject} examined")
    if arguments.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=1))
    else:
        Console(file=sys.stdout).print(_table(findings))
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def _examine(config: Path | None) -> Iterator[Finding]:
    settings = load_settings(config)
    yield from examine_machine()
    yield from examine_product(settings)
    if config is not None:
        yield from examine_deployment(settings)
    yield from state(settings)


def _table(findings: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        sign, style = _SIGNS[finding.state]
        told = Text(finding.found)
        if finding.remedy:
            told.append(f"\n{finding.remedy}", "dim")
        table.add_row(Text(sign, style), finding.subject, told)
    return table
