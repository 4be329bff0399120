"""`leadpulse demo`: the whole product in one terminal, without anything installed."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

DESCRIPTION = """Shows leadpulse at work, with nothing installed but Python.

Simulates a market, starts a broker in this process and a worker beside it, trains a model on the market's past while
events stream in, swaps the model under load and checks what came out. Takes a minute, the first time some 20 seconds
more, and uses build/demo in the current directory. The broker is librdkafka's mock cluster: it shows how the product
behaves, and proves none of Kafka's guarantees.

examples:
  leadpulse demo                             in a terminal: a live page; elsewhere: plain lines
  leadpulse demo --summary build/demo.json   the figures as JSON, too
  leadpulse demo --keep                      broker and worker stay until Ctrl-C, to look around
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "demo",
        help="see it all at work in your terminal, without Kafka or Docker",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write the figures here, as JSON")
    parser.add_argument("--keep", action="store_true", help="leave broker and worker running until Ctrl-C")
    parser.add_argument("--leads", type=_leads, default=5_000, help="how many leads (default: %(default)s)")
    parser.add_argument("--seed", type=_seed, default=7, help="another seed, other leads (default: %(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 when every check held, 1 when one failed or the demo could not go on."""
    from leadpulse.demo.show import DemoError, Wanted, run_demo

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    console = Console()
    try:
        return run_demo(Wanted(arguments.seed, arguments.leads, arguments.summary, arguments.keep), console)
    except DemoError as error:
        print(f"leadpulse demo: {error}", file=sys.stderr)
        return 1


def _leave(number: int, frame: FrameType | None) -> None:
    """Ends through every `finally`, so that broker and worker are put away."""
    raise SystemExit(128 + number)


def _leads(text: str) -> int:
    if not text.isdecimal() or not 2_000 <= int(text) <= 20_000:
        raise argparse.ArgumentTypeError(f"give 2000 to 20000 leads, not {text!r}: fewer convert too rarely to learn")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"give a whole number from 0 on, not {text!r}")
    return int(text)
