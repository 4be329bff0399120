"""`leadpulse probe`: sends one event of a test lead and waits for its score."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from leadpulse.probe import ProbeError, probe
from schemas.load import load_settings
from schemas.times import parse_duration

DESCRIPTION: Final = """Sends one event of a test lead and waits for its score, as a subscriber would read it.

Shows that a deployment scores from end to end; `helm test` runs it. The lead is a new one, named leadpulse-probe-...;
subscribers see its score too, and it is forgotten after decay.expire. Needs what a worker may, and to write the first
input topic and read the score changes. Exit 1 where no score came.

examples:
  leadpulse probe --config leadpulse.yaml
  leadpulse probe --config leadpulse.yaml --timeout 10s --json
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "probe",
        help="send one event and wait for its score",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    parser.add_argument(
        "--timeout", type=_patience, default=60_000, metavar="TIME", help="how long to wait, such as 10s (default: 60s)"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 when a score came, else 1."""
    try:
        answer = probe(load_settings(arguments.config), arguments.timeout / 1000)
    except ProbeError as error:
        print(f"leadpulse probe: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(asdict(answer)))
    else:
        print(
            f"scored {answer.score:.1f} ({answer.tier}) after {answer.seconds:.2f} s, by model {answer.model[:12]}, "
            f"as {answer.lead}"
        )
    return 0


def _patience(text: str) -> int:
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if found < 1:
        raise argparse.ArgumentTypeError(f"give a time such as 10s, not {text!r}")
    return found
