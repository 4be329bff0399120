"""`leadpulse rules`: the scorecard that scores from day one, explained."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from leadpulse.scorecard import explain
from leadpulse.scorecard_page import scorecard_page
from schemas.load import load_settings

DESCRIPTION = """Explains the scorecard of the settings: points, caps, what a tier needs, what can never happen.

example:
  leadpulse rules check --config leadpulse.yaml

Exit status: 0 well, 1 a rule can never fire or a tier cannot be reached, 2 wrong usage or settings.
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "rules",
        help="explain the scorecard that scores before there is a trained model",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="explain each rule and tier, and find what can never happen")
    check.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    found = explain(load_settings(arguments.config))
    if arguments.json:
        print(json.dumps(found.plain(), indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(scorecard_page(found))
    return 1 if found.problems else 0
