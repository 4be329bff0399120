"""Reading event logs: JSON Lines files, gzipped or not, into columns ordered by lead and time.

The events are read by the same decoders and the same signals as the worker's. Within a lead, events stand in the order
of their time (those of one time in the order of the files), since the state does not depend on the order of arrival.
"""

import gzip
import hashlib
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from schemas.settings import Format, Settings
from stream.core.columns import Columns
from stream.core.events import Event, Unreadable
from stream.core.signals import Reading, Signals
from stream.sources.formats import DECODERS
from training.refusal import TrainingRefused

GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class EventLog:
    """What was read. `leads[i]` is the id of lead i of the columns; times in milliseconds since 1970."""

    leads: Sequence[str]
    columns: Columns
    begin: int
    end: int
    """Times of the earliest and the latest event, of whatever kind."""
    lines: int
    silent: int
    """Events in which no signal, profile field or outcome is recognised; the worker drops them too."""
    unreadable: dict[str, int]
    """Lines by the reason for which they are no event."""
    files: tuple[tuple[str, str], ...]
    """Name and SHA-256 of each file."""


@dataclass
class _Rows:
    """Columns under construction; see `stream.core.columns.Columns`."""

    index: dict[str, int] = field(default_factory=dict)
    lead: "array[int]" = field(default_factory=lambda: array("q"))
    time: "array[int]" = field(default_factory=lambda: array("q"))
    event: "array[int]" = field(default_factory=lambda: array("Q"))
    outcome: "array[int]" = field(default_factory=lambda: array("q"))
    landing: "array[int]" = field(default_factory=lambda: array("q"))
    hits: "array[int]" = field(default_factory=lambda: array("q"))
    hit_signal: "array[int]" = field(default_factory=lambda: array("q"))
    hit_value: "array[int]" = field(default_factory=lambda: array("q"))
    tells: "array[int]" = field(default_factory=lambda: array("q"))
    tell_field: "array[int]" = field(default_factory=lambda: array("q"))
    tell_value: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, event: Event, reading: Reading) -> None:
        self.lead.append(self.index.setdefault(event.lead, len(self.index)))
        self.time.append(event.time)
        self.event.append(reading.event)
        self.outcome.append(reading.outcome)
        self.landing.append(reading.landing)
        self.hits.append(len(reading.hits))
        for signal, value in reading.hits:
            self.hit_signal.append(signal)
            self.hit_value.append(value)
        self.tells.append(len(reading.tells))
        for number, value in reading.tells:
            self.tell_field.append(number)
            self.tell_value.append(value)


def read_log(paths: Sequence[Path], format: Format, settings: Settings) -> EventLog:
    """Reads the files. Raises TrainingRefused where one cannot be read or most of the lines are no events."""
    decode, signals = DECODERS[format], Signals(settings.observed)
    rows, unreadable, example = _Rows(), Counter[str](), ""
    lines = silent = 0
    begin, end = 1 << 62, -1
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            lines += 1
            try:
                if len(line) > settings.limits.event_bytes:
                    raise Unreadable("oversize", f"{len(line)} bytes, the limit is {settings.limits.event_bytes}")
                event = decode(line)
            except Unreadable as error:
                unreadable[error.reason] += 1
                example = example or f"{path}, line {number}: {error.reason}: {error}"
                continue
            begin, end = min(begin, event.time), max(end, event.time)
            reading = signals.read(event)
            if reading.carries:
                rows.add(event, reading)
            else:
                silent += 1
    _refuse_unless_mostly_read(lines, sum(unreadable.values()), example, format)
    files = tuple((path.name, _sha256(path)) for path in paths)
    return EventLog(
        list(rows.index), _ordered(rows), begin, end, lines, silent, dict(sorted(unreadable.items())), files
    )


def _lines(path: Path) -> Iterator[bytes]:
    """The file's lines that are not blank."""
    try:
        with path.open("rb") as probe:
            packed = probe.read(2) == GZIP
        with gzip.open(path) if packed else path.open("rb") as file:
            for line in file:
                if line := line.strip():
                    yield line
    except (OSError, EOFError, zlib.error) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise TrainingRefused(
            f"cannot read the event log {path}: {cause}; give a whole JSON Lines file, or .gz"
        ) from None


def _refuse_unless_mostly_read(lines: int, unreadable: int, example: str, format: Format) -> None:
    if lines == 0:
        raise TrainingRefused("the event log is empty: give files with one JSON event a line")
    if 2 * unreadable > lines:
        raise TrainingRefused(
            f"{unreadable} of {lines} lines are no {format} events, the first being {example}; "
            "check --format (native or segment)"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ordered(rows: _Rows) -> Columns:
    """The columns by (lead, time, place in the log)."""
    lead, time = np.array(rows.lead, np.int64), np.array(rows.time, np.int64)
    order = np.lexsort((time, lead))
    hit_at, hits = _moved(np.array(rows.hits, np.int64), order)
    tell_at, tells = _moved(np.array(rows.tells, np.int64), order)
    return Columns(
        lead=lead[order],
        time=time[order],
        event=np.array(rows.event, np.uint64)[order],
        outcome=np.array(rows.outcome, np.int64)[order],
        landing=np.array(rows.landing, np.int64)[order],
        hit_at=hit_at,
        hit_signal=np.array(rows.hit_signal, np.int64)[hits],
        hit_value=np.array(rows.hit_value, np.int64)[hits],
        tell_at=tell_at,
        tell_field=np.array(rows.tell_field, np.int64)[tells],
        tell_value=np.array(rows.tell_value, np.int64)[tells],
    )


def _moved(lengths: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of these lengths in a new order: where each begins now, and the old place of every item."""
    old, new = np.zeros(len(lengths) + 1, np.int64), np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=old[1:])
    np.cumsum(lengths[order], out=new[1:])
    shift = np.repeat(old[:-1][order] - new[:-1], lengths[order])
    return new, np.arange(new[-1]) + shift
