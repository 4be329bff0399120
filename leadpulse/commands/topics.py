"""`leadpulse topics`: what the topics must be like, how they differ, and making them so."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table

from leadpulse.topics.brokers import carry_out, look
from leadpulse.topics.plan import Sizes, Step, plan
from schemas.load import load_settings
from schemas.settings import Settings
from schemas.times import parse_duration
from schemas.topics import TopicNames
from stream.runtime.connection import explain
from stream.runtime.topics import TopicsError

DESCRIPTION: Final = """Plans a deployment's topics, and makes them so: partitions, replicas, compaction, retention.

examples:
  leadpulse topics plan --config leadpulse.yaml --partitions 24      what would be done; exit 0 where nothing
  leadpulse topics apply --config leadpulse.yaml --partitions 24     do it
  leadpulse topics apply --config leadpulse.yaml --replicas 1        on a single broker

What is not asked for stays as it is, but for clean-up policies, which must be right. The number of partitions of topics
with state or records is never changed; where that is asked for, nothing at all is done. Exit status of plan: 0 nothing
to do, 1 refused, 3 there is something to do. Of apply: 0 done, 1 refused. 2: wrong usage or settings.
"""

TO_DO: Final = 3
KNOWN_SECONDS: Final = 30.0


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "topics",
        help="plan the topics of a deployment and make them so",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add(actions, "plan", "say how the topics differ from what they must be", apply=False)
    _add(actions, "apply", "make and change topics until they are what they must be", apply=True)


def _add(actions: Any, name: str, told: str, *, apply: bool) -> None:
    parser = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    parser.add_argument(
        "--partitions", type=_number, metavar="N", help="of inputs and changelog (new: 12); no more workers than that"
    )
    parser.add_argument("--output-partitions", type=_number, metavar="N", help="of each output (new: 3)")
    parser.add_argument("--replicas", type=_number, metavar="N", help="of every partition (new: 3)")
    parser.add_argument(
        "--retention", type=_time, metavar="TIME", help="of inputs, score changes and alerts, such as 14d (new: 14d)"
    )
    parser.add_argument("--dead-retention", type=_time, metavar="TIME", help="of dead letters (new: 30d)")
    parser.add_argument("--json", action="store_true", help="print the steps as JSON")
    parser.set_defaults(run=lambda arguments: run(arguments, apply))


def run(arguments: argparse.Namespace, apply: bool) -> int:
    """Returns the exit status that the description names."""
    settings = load_settings(arguments.config)
    sizes = Sizes(
        arguments.partitions,
        arguments.output_partitions,
        arguments.replicas,
        arguments.retention,
        arguments.dead_retention,
    )
    try:
        steps = plan(TopicNames.of(settings.topics), sizes, look(settings))
        refused = any(step.action == "refuse" for step in steps)
        if apply and not refused:
            _carry_out(settings, sizes, steps)
    except KafkaException as error:
        print(f"leadpulse topics: {settings.kafka.bootstrap}: {explain(error)}", file=sys.stderr)
        return 1
    except TopicsError as error:
        print(f"leadpulse topics: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps([step._asdict() for step in steps], indent=1))
    else:
        _print(steps)
    if refused:
        print("leadpulse topics: refused, and nothing was changed", file=sys.stderr)
        return 1
    return 0 if apply or all(step.action == "keep" for step in steps) else TO_DO


def _carry_out(settings: Settings, sizes: Sizes, steps: list[Step]) -> None:
    """And waits: right after the controller has done it, a broker may not know it yet."""
    due = [step for step in steps if step.action != "keep"]
    for step in due:
        carry_out(settings, step)
    deadline = time.monotonic() + KNOWN_SECONDS
    while due and time.monotonic() < deadline:
        found = plan(TopicNames.of(settings.topics), sizes, look(settings))
        due = [step for step in found if step.action != "keep"]
        time.sleep(0.2)
    if due:
        told = ", ".join(f"{step.topic} ({step.told})" for step in due)
        raise TopicsError(f"asked for, and not so after {KNOWN_SECONDS:.0f} s: {told}")


def _print(steps: list[Step]) -> None:
    table = Table("topic", "step", "what")
    for step in steps:
        table.add_row(step.topic, step.action, step.told)
    # Piped into a file or another program a table must not be cut to the width of a terminal that is not there.
    Console(width=None if sys.stdout.isatty() else 220, markup=False).print(table)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"give a number from 1 on, not {text!r}")
    return int(text)


def _time(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
