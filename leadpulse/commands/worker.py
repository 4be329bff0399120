"""`leadpulse worker`: scores events until it is told to stop."""

import argparse
import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from schemas.load import load_settings

HELP = "score events from Kafka until stopped"
DESCRIPTION = """Scores events from Kafka until SIGTERM.

Reads the settings file and LEADPULSE__SECTION__KEY variables. While brokers or topics are missing it waits, and
/readyz says for what. example: leadpulse worker --config leadpulse.yaml
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "worker", help=HELP, description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    parser.add_argument(
        "--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"], help="how much to log"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 after SIGTERM, 1 when it had to stop."""
    settings = load_settings(arguments.config)
    # Imported here: they take a second that other commands need not wait for.
    from stream.runtime.logs import set_up_log
    from stream.runtime.run import run_worker

    set_up_log(settings, arguments.log_level)

    async def work() -> int:
        code = await run_worker(settings)
        if code:
            # Everything is closed by now. To end the loop asyncio starts a thread, which a process that was refused
            # memory waits for in vain.
            logging.shutdown()
            os._exit(code)
        return code

    return asyncio.run(work())
