"""``leadpulse simulate``: events of a simulated market, into a file or into Kafka."""

import argparse
import gzip
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from leadpulse.simulator import FLAWS, Record, Simulation, disturb
from leadpulse.simulator.delivery import DeliveryError, produce
from schemas.times import DAY, format_time, parse_time

_START: Final = "2026-01-01"
_REPORT_EVERY: Final = 256
_REPORT_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 10.0

_DESCRIPTION: Final = """\
Writes the events of a simulated B2B market. Leads appear over time, read, compare, ask for a demo and
sometimes buy; some 4 in 100 convert within a month. Equal options give equal bytes.

  leadpulse simulate --leads 2000 --days 120 --out build/events.jsonl.gz --truth build/truth.jsonl
      A log to train on, and the true probability of each lead and day to judge a model by.

  leadpulse simulate --days 30 --out - | head -3
      A look at the events.

  leadpulse simulate --now --disturb --kafka localhost:9092 --prefix leadpulse --rate 500
      Feeds the topics leadpulse.web, .email, .product, .crm and .intent, with repeats, late and broken events.
      Records bear the time of their arrival in the simulation, and brokers delete what is older than a topic's
      retention (7 days by default): set retention.ms to -1 for a longer past.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the subcommand and its options."""
    parser = subparsers.add_parser(
        "simulate",
        help="make up leads and their events, for trying things out",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", metavar="FILE", help="write JSON Lines here; .gz compresses, - is standard output")
    target.add_argument("--kafka", metavar="HOST:PORT", help="produce to these brokers")
    parser.add_argument("--prefix", default="leadpulse", help="what the topics begin with (default: %(default)s)")
    parser.add_argument("--rate", type=_rate, metavar="EVENTS", help="events a second to Kafka (default: no limit)")
    parser.add_argument("--leads", type=_count, default=1_000, help="how many leads (default: %(default)s)")
    parser.add_argument("--days", type=_count, default=120, help="how many days (default: %(default)s)")
    parser.add_argument("--seed", type=_seed, default=7, help="another seed, other leads (default: %(default)s)")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--start", type=_date, metavar="DATE", help=f"the first day, in UTC (default: {_START})")
    when.add_argument("--now", action="store_true", help="let the last day be today and the events end now")
    parser.add_argument("--truth", metavar="FILE", type=Path, help="write lead, time and true probability here")
    parser.add_argument("--disturb", action="store_true", help="add repeated, late and malformed events")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Simulates as told; 0 when everything is written."""
    now = time.time_ns() // 1_000_000
    start = now // DAY * DAY - (arguments.days - 1) * DAY if arguments.now else arguments.start or _date(_START)
    try:
        simulation = Simulation(arguments.seed, arguments.leads, start, arguments.days)
        until = min(now, simulation.end) if arguments.now else simulation.end
        with _Report(start, until) as report:
            records = _arriving(simulation, until, arguments, report)
            if arguments.kafka is not None:
                produce(records, arguments.kafka, arguments.prefix, arguments.rate, report.advance)
            else:
                _write(records, arguments.out, report)
            if arguments.truth is not None:
                _write_truth(simulation, until, arguments.truth)
    except BrokenPipeError:
        # Whoever reads has seen enough. What is still buffered must not fail again when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, DeliveryError) as error:
        print(f"leadpulse simulate: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"leadpulse simulate: cannot write {error.filename or arguments.out}: {error.strerror}; "
            "make its directory, or name another file",
            file=sys.stderr,
        )
        return 1
    return 0


class _Report:
    """Tells how far the simulation is, on standard error: a bar on a terminal, otherwise a line now and then."""

    def __init__(self, begin: int, end: int) -> None:
        self.flaws: Counter[str] = Counter()
        self._records = 0
        self._begin, self._span = begin, max(end - begin, 1)
        self._told = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.fields[events]:>11,} events"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("simulate", total=self._span, events=0)

    def __enter__(self) -> "_Report":
        self._bar.start()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._bar.stop()
        if failed is None:
            flaws = ", ".join(f"{self.flaws[flaw]} {flaw}" for flaw in FLAWS if self.flaws[flaw])
            _say(f"{self._records:,} events written{f', broken among them: {flaws}' if flaws else ''}")

    def advance(self, record: Record) -> None:
        self._records += 1
        if self._records % _REPORT_EVERY:
            return
        waited = time.monotonic() - self._told
        if waited > (_REPORT_SECONDS if not self._bar.disable else _LINE_SECONDS):
            self._told += waited
            self._bar.update(self._task, completed=record.time - self._begin, events=self._records)
            if self._bar.disable:
                _say(f"{self._records:,} events written, up to {format_time(record.time)}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arriving(simulation: Simulation, until: int, arguments: argparse.Namespace, report: _Report) -> Iterator[Record]:
    records = simulation.events(until=until)
    if not arguments.disturb:
        yield from records
        return
    for record, flaw in disturb(records, arguments.seed):
        if record.time >= until:
            return
        if flaw is not None:
            report.flaws[flaw] += 1
        yield record


def _write(records: Iterable[Record], out: str, report: _Report) -> None:
    with _open(out) as file:
        for record in records:
            file.write(record.value + b"\n")
            report.advance(record)


def _write_truth(simulation: Simulation, until: int, path: Path) -> None:
    with _open(str(path)) as file:
        for lead, at, probability in simulation.truths():
            if at < until:
                row = {"lead": lead, "time": format_time(at), "probability": round(probability, 9)}
                file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")


@contextmanager
def _open(out: str) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if out == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif out.endswith(".gz"):
        # Neither a name nor a time in the header, so that equal content gives equal files.
        with open(out, "wb") as plain, gzip.GzipFile("", "wb", 6, plain, mtime=0) as packed:
            yield packed
    else:
        with open(out, "wb") as plain:
            yield plain


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of events a second, such as 500")
    return rate


def _date(text: str) -> int:
    try:
        return parse_time(f"{datetime.strptime(text, '%Y-%m-%d').replace(tzinfo=UTC):%Y-%m-%d}T00:00:00Z")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as {_START}, from 2000 to 2199") from None
