"""`leadpulse dlq`: what could not be used, why, and sending it again once the cause is mended."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args

from confluent_kafka import KafkaException

from leadpulse.dead_letters.letter import Chosen
from leadpulse.dead_letters.reading import read_letters, read_replayed
from leadpulse.dead_letters.replay import replay
from leadpulse.dead_letters.tables import letter_page, list_page, replay_page
from schemas.load import load_settings
from schemas.records import Reason
from schemas.settings import Settings
from schemas.times import parse_duration, parse_time
from stream.runtime.connection import explain

DESCRIPTION: Final = """Lists, shows and sends again the records that workers could not use.

examples:
  leadpulse dlq list --config leadpulse.yaml --since 1h                       how many, by reason and topic
  leadpulse dlq show --config leadpulse.yaml 8d0c1b7b                         one of them, whole
  leadpulse dlq replay --config leadpulse.yaml --reason invalid --since 1d    once the cause is mended

A replay sends each letter once, however often it is asked, and at most --rate a second. Exit status: 0 done, 1 refused
or not found, 2 wrong usage or settings.
"""

RATE: Final = 500
MOST_LISTED: Final = 20


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "dlq",
        help="list, show and send again what could not be used",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", "count dead letters by reason and topic, and name the latest", _list)
    _add_choice(listing)
    show = _add(actions, "show", "show one dead letter, whole", _show)
    show.add_argument("id", help="its id, or the beginning of it, as `list` prints it")
    sending = _add(actions, "replay", "send dead letters again to the topics they came from, each once", _replay)
    _add_choice(sending)
    sending.add_argument("--id", default="", metavar="ID", help="only the one whose id begins so")
    sending.add_argument(
        "--rate", type=_rate, default=RATE, metavar="N", help=f"at most so many a second (default: {RATE})"
    )
    sending.add_argument("--dry-run", action="store_true", help="only say what would be sent")


def _add(
    actions: Any, name: str, told: str, act: Callable[[Settings, argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: _run(act, arguments))
    return parser


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason", action="append", default=[], choices=get_args(Reason), help="only of this reason; may be repeated"
    )
    parser.add_argument("--topic", metavar="TOPIC", help="only from this input topic")
    parser.add_argument(
        "--since", type=_moment, default=0, metavar="TIME", help="arrived then or later: a time, or 1h for an hour ago"
    )
    parser.add_argument("--until", type=_moment, metavar="TIME", help="arrived before: as --since")


def _run(act: Callable[[Settings, argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments.config)
    try:
        return act(settings, arguments)
    except KafkaException as error:
        return _refuse(f"{settings.kafka.bootstrap}: {explain(error)}")


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    done = read_replayed(settings)
    letters = read_letters(settings, _chosen(arguments))
    if arguments.json:
        for letter in letters:
            print(json.dumps(letter.summary() | {"replayed": letter.id in done}, ensure_ascii=False))
    else:
        list_page(letters, done, MOST_LISTED)
    return 0


def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    found = list(read_letters(settings, Chosen(id=arguments.id)))
    if len(found) != 1:
        told = "no dead letter has" if not found else f"{len(found)} dead letters have"
        return _refuse(f"{told} an id that begins with {arguments.id}; see `leadpulse dlq list`")
    (letter,) = found
    if arguments.json:
        headers = [[name, content.decode(errors="replace")] for name, content in letter.headers]
        value = None if letter.value is None else letter.value.decode(errors="replace")
        print(json.dumps(letter.summary() | {"headers": headers, "value": value, "cut": letter.cut}, indent=1))
    else:
        letter_page(letter)
    return 0


def _replay(settings: Settings, arguments: argparse.Namespace) -> int:
    done = replay(settings, _chosen(arguments), arguments.rate, arguments.dry_run)
    if arguments.json:
        counts = {name: dict(getattr(done, name)) for name in ("sent", "before", "cut", "unkeyed")}
        print(json.dumps(counts | {"dry_run": arguments.dry_run}))
    else:
        replay_page(done, arguments.dry_run)
    return 0


def _chosen(arguments: argparse.Namespace) -> Chosen:
    return Chosen(
        frozenset(arguments.reason), arguments.topic, getattr(arguments, "id", ""), arguments.since, arguments.until
    )


def _moment(text: str) -> int:
    """Milliseconds since 1970 of a time, or of so long ago."""
    try:
        return time.time_ns() // 1_000_000 - parse_duration(text)
    except ValueError:
        pass
    try:
        return parse_time(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"give a time such as 2026-03-01T12:00:00Z, or 1h, not {text!r}") from None


def _rate(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"give a number of records a second, not {text!r}")
    return int(text)


def _refuse(text: str) -> int:
    print(f"leadpulse dlq: {text}", file=sys.stderr)
    return 1
