"""`python -m tests.faults`: plays the rows, prints the table as it goes, and writes it as JSON."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from rich.console import Console

import tests.conftest  # noqa: F401  points numba to the kernels' cache before any of them is imported
from tests.brokers.select import NoKafkaError, running_kafka
from tests.faults.catalogue import ROWS
from tests.faults.outcome import print_heading, print_outcome, write
from tests.faults.play import play_apart, warm_up
from tests.faults.stage import AT_LEAST_ONCE, EXACTLY_ONCE
from tests.faults.turns import play_in_turn
from tests.integration.deployment import Broker

DEFAULT_JSON = Path("build/faults.json")


def main() -> int:
    """0 where every row passed, else 1."""
    options = parse(sys.argv[1:])
    console = Console(width=120, emoji=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers, brokers and mounts end with it
    began = time.monotonic()
    outcomes = []
    logs = Path(tempfile.mkdtemp(prefix="leadpulse-faults-"))
    _keep_clients_quiet(logs / "clients.log")
    with ExitStack() as stack:
        try:
            bootstrap = stack.enter_context(running_kafka(lambda said: console.print(said, style="dim")))
        except NoKafkaError as reason:
            console.print(str(reason), style="red")
            return 1
        broker = Broker(bootstrap, real=True)
        warm_up(broker, logs)
        print_heading(console)
        play_row = partial(play_apart, broker, logs, short=options.short, guarantee=options.guarantee)
        played = play_in_turn({number: ROWS[number].fault for number in options.rows}, play_row)
        for outcome in stack.enter_context(closing(played)):
            outcomes.append(outcome)
            print_outcome(console, outcome)
            write(options.json, outcomes)
    failed = [each.number for each in outcomes if not each.passed]
    told = f"rows {', '.join(map(str, failed))} failed" if failed else "all passed"
    console.print(f"{len(outcomes)} rows in {(time.monotonic() - began) / 60:.1f} minutes, {told}: {options.json}")
    console.print(f"logs of the workers: {logs}", style="dim")
    return 1 if failed else 0


def _keep_clients_quiet(log: Path) -> None:
    """What the Kafka clients write to the standard error while brokers come and go would tear the table."""
    sys.stderr = os.fdopen(os.dup(2), "w")
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options, or SystemExit with 2 and a word on what is wrong with them."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rows", type=_rows, default=sorted(ROWS), help="numbers, such as 1,3,6; all by default")
    parser.add_argument(
        "--guarantee", choices=(EXACTLY_ONCE, AT_LEAST_ONCE), default=EXACTLY_ONCE, help="what workers promise"
    )
    parser.add_argument("--short", action="store_true", help="the shortened form, as in make test")
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON, help=f"where to, {DEFAULT_JSON} by default")
    return parser.parse_args(arguments)


def _rows(text: str) -> list[int]:
    numbers = [int(each) for each in text.split(",")]
    if unknown := [each for each in numbers if each not in ROWS]:
        raise argparse.ArgumentTypeError(f"no row {unknown[0]}; there are {', '.join(map(str, sorted(ROWS)))}")
    return numbers


if __name__ == "__main__":
    sys.exit(main())
