"""`leadpulse history`: input topics into an event log to train on."""

import argparse
import sys
from pathlib import Path
from typing import Final

from schemas.load import load_settings

EPILOG: Final = """\
example:
  leadpulse history --config settings.yaml --out history.jsonl.gz
  leadpulse train --config settings.yaml --events history.jsonl.gz --positions history.jsonl.gz.positions.json \\
    --out build/models

Reads every input topic of the settings (topics.prefix, topics.inputs) from its beginning to where it ends now,
committed records only, and writes the events in the native format, whatever the topics' formats are. Where it stopped
is written beside the log, and training records it in the model's manifest. No group is joined and nothing is
committed: workers take no notice. Topics forget: keep the logs, and give training several of them; events that are in
two logs count once.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "history",
        help="write the input topics' events to a log to train on",
        description="Reads the input topics up to their ends as of now, and writes an event log.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the settings file (default: the shipped settings)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the log; .gz compresses")
    parser.add_argument(
        "--positions", type=Path, metavar="FILE", help="where the topics were read to (default: OUT.positions.json)"
    )
    parser.add_argument("--json", action="store_true", help="print the positions as JSON, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit status. Raises SettingsError."""
    from leadpulse.commands.watching import watching
    from leadpulse.history import HistoryError, write_history

    settings = load_settings(arguments.config)
    beside = arguments.positions or arguments.out.with_name(f"{arguments.out.name}.positions.json")
    try:
        with watching() as say:
            positions = write_history(settings, arguments.out, say)
        text = positions.model_dump_json(indent=1)
        beside.write_text(text + "\n", encoding="utf-8")
    except HistoryError as error:
        print(f"leadpulse history: {settings.kafka.bootstrap}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        cause = error.strerror or str(error)
        print(
            f"leadpulse history: cannot write {error.filename or arguments.out}: {cause}; make its directory, or name "
            "another file",
            file=sys.stderr,
        )
        return 1
    if arguments.json:
        print(text)
    refused = ", ".join(f"{count} {reason}" for reason, count in positions.refused.items())
    print(
        f"{positions.events:,} events from {positions.records:,} records in {arguments.out}"
        f"{f' (refused: {refused})' if refused else ''}, positions in {beside}",
        file=sys.stderr,
    )
    return 0
