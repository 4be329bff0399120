"""The command of the bench: `python -m bench`."""

import argparse
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from bench.chart import chart
from bench.cores import BROKER_HEAP, TooFewCores, take_harness_core
from bench.progress import Progress
from bench.report import report, wrong
from bench.runs import FULL, QUICK, SECTIONS, WITHOUT_KAFKA, Bench
from bench.worker import EngineFailed
from tests.brokers.local_kafka import LocalKafka
from tests.brokers.single_node import BrokerError

BUILD = Path("build")

DESCRIPTION = """Measures a Leadpulse worker on the reference job (bench/README.md) and a real Kafka.

Needs two cores, Java 17 and Maven, and nothing else running: broker, generator and readers get core 0, the worker
core 1. Progress goes to standard error. Whole runs write build/bench.json and build/bench.svg.

sections:
  verify      the score changes of 20,000 events against the oracle
  throughput  a backlog with every lead known: events/s, CPU by stage and thread, memory; then restoring the state
  latency     from produce to a read_committed reader, at steady rates, by guarantee
  idle        CPU of a worker without traffic
  burst       ten times the sustained rate for some seconds, and how long it takes to drain
  fresh       the log that other engines get, on which no lead is known at first
  growth      throughput and memory by number of leads, features and partitions
  training    the training job: events/s read and replayed, seconds by stage, peak memory, cost of an explanation; it
              needs no Kafka, and 8 GB of disk (the short form a tenth)
The short form leaves out burst, fresh and growth.
"""
EPILOG = """examples:
  python -m bench                              everything, in under half an hour
  python -m bench --quick                      a short form for development, rough figures
  python -m bench --quick --only throughput    one section; the JSON goes to standard output
  python -m bench --only latency --json -      the same with the full extent

reading the figures:
  events_per_second_per_core is by wall time. With neighbours on the machine it is worthless;
  events_per_cpu_second and cpu_us_per_event then still tell what a change of the code did.
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        "python -m bench", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer leads, events and repetitions: some minutes")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), metavar="SECTION", help="these sections alone")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where the figures go, `-` for standard output (default: "
        "build/bench.json, or standard output with --only)",
    )  # fmt: skip
    parser.add_argument("--chart", type=Path, metavar="FILE", help="where the chart goes (default: beside the JSON)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when all was measured, 1 when an output was wrong, 2 when the bench could not go on."""
    parsed = build_parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    progress = Progress()
    try:
        take_harness_core()
        extent = QUICK if parsed.quick else FULL
        sections = parsed.only or extent.sections
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadpulse-bench-")))
            bootstrap = ""
            if set(sections) - WITHOUT_KAFKA:
                progress.step("Kafka starts")
                bootstrap = stack.enter_context(LocalKafka(heap=BROKER_HEAP)).bootstrap
            found = Bench(bootstrap, directory, BUILD / "bench" / "models", extent, progress).run(sections)
    except (TooFewCores, BrokerError, EngineFailed) as error:
        progress.result(f"bench: {error}")
        return 2
    content = report(found, quick=parsed.quick)
    _write(parsed, json.dumps(content, indent=1) + "\n", chart(content), progress)
    return 1 if wrong(content) else 0


def _write(parsed: argparse.Namespace, text: str, picture: str, progress: Progress) -> None:
    to: Path = parsed.json or (Path("-") if parsed.only else BUILD / "bench.json")
    if str(to) == "-":
        sys.stdout.write(text)
    else:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text)
        progress.result(f"written: {to}")
    drawn: Path | None = parsed.chart or (None if str(to) == "-" else to.with_suffix(".svg"))
    if drawn is not None:
        drawn.write_text(picture)
        progress.result(f"written: {drawn}")


def _leave(number: int, frame: FrameType | None) -> None:
    """Ends through every `finally`, so that broker and worker are put away."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
