"""The command `leadpulse`: one subcommand per job."""

import argparse
import sys

from leadpulse.commands import (
    config,
    contracts,
    demo,
    dlq,
    doctor,
    history,
    icp,
    kernels,
    models,
    probe,
    rules,
    simulate,
    topics,
    train,
    worker,
)
from schemas.load import SettingsError

COMMANDS = (
    worker,
    history,
    train,
    models,
    rules,
    icp,
    simulate,
    demo,
    doctor,
    topics,
    dlq,
    config,
    probe,
    kernels,
    contracts,
)

DESCRIPTION = """Real-time lead scoring on Kafka.

A worker keeps windowed state per lead, scores every event and writes score changes and alerts; a training job learns
from past conversions; a demo shows both without any installation. Begin with: leadpulse demo
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        "leadpulse", description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs a subcommand; returns its exit code."""
    parsed = build_parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        return code
    except SettingsError as error:
        print(f"leadpulse: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
