"""`leadpulse demo`: the whole product in one terminal, without anything installed."""

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser("demo", help="see it all at work in your terminal, without Kafka or Docker")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 when every check held."""
    raise NotImplementedError
