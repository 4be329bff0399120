"""A list of outcomes beside the event log: CSV or Parquet with lead, time, outcome and value.

Times are RFC 3339 with an offset, so that rows written in different zones mean the same instants; a time without one is
refused, since nobody can know what it means. A list replaces the outcomes in the log.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from schemas.target import Target
from schemas.times import format_time, parse_time
from stream.core.lead import LATER, Ints
from stream.sources.lead_table import UNKNOWN, LeadNumbers, spans_of
from training.lives import LifeBook, Values
from training.parquet_log import is_parquet
from training.refusal import TrainingRefused

REQUIRED: Final = ("lead", "time")
_REMEDY: Final = "give CSV or Parquet with the columns lead, time (RFC 3339 with an offset), outcome and value"


@dataclass
class Listed:
    """What a list of outcomes held, for manifest and report."""

    file: str = ""
    rows: int = 0
    counting: int = 0
    ending: int = 0
    unknown_leads: int = 0
    """Rows of leads that the log has no event of: nothing can be learned from them."""
    before_first_event: int = 0
    """Outcomes that count and come before their lead's first event."""
    first: str = ""
    last: str = ""
    """The times of the earliest and the latest row: windows that reach beyond the latest are not closed."""
    zones: dict[str, int] = field(default_factory=dict)
    """Rows by their offset from UTC."""
    other: dict[str, int] = field(default_factory=dict)
    """Rows by outcomes that mean nothing to the target."""


@dataclass(frozen=True)
class _Row:
    lead: str
    time: int
    outcome: str
    value: float
    zone: str


def read_outcomes(path: Path, target: Target, leads: LeadNumbers, first: Ints, book: LifeBook) -> tuple[Listed, int]:
    """Enters the outcomes into the book; what was read, and the time of the latest row.

    `first`: each lead's first event. Raises TrainingRefused where a row cannot be read, with its number.
    """
    rows = list(_rows(path))
    if not rows:
        raise TrainingRefused(f"the outcomes {path} have no rows: {_REMEDY}")
    number = leads.find(spans_of([row.lead for row in rows]))
    number[(number != UNKNOWN) & (first[number] == LATER)] = UNKNOWN
    time = np.array([row.time for row in rows], np.int64)
    value: Values = np.array([row.value for row in rows], np.float64)
    counts = np.array([not target.names or row.outcome in target.names for row in rows], np.bool_)
    ends = np.array([row.outcome in target.ending_names for row in rows], np.bool_)
    counts &= ~ends
    known = number != UNKNOWN
    use = counts & known
    book.outcomes(number[use], time[use], value[use])
    book.ends(number[ends & known], time[ends & known])
    other = Counter(row.outcome for row, used in zip(rows, (counts | ends).tolist(), strict=True) if not used)
    if not counts.any():
        raise TrainingRefused(
            f"no row of {path} is an outcome that counts ({', '.join(target.names)}); it has "
            f"{', '.join(name or 'rows without a name' for name, _ in other.most_common(5))}: set target.names"
        )
    listed = Listed(
        file=path.name,
        rows=len(rows),
        counting=int(counts.sum()),
        ending=int(ends.sum()),
        unknown_leads=int((~known).sum()),
        before_first_event=int((time[use] < first[number[use]]).sum()),
        first=format_time(int(time.min())),
        last=format_time(int(time.max())),
        zones=dict(sorted(Counter(row.zone for row in rows).items())),
        other=dict(sorted(other.items())),
    )
    return listed, int(time.max())


def _rows(path: Path) -> Iterator[_Row]:
    try:
        source = _parquet(path) if is_parquet(path) else _csv(path)
        for number, row in source:
            try:
                yield _row(row)
            except ValueError as error:
                raise TrainingRefused(f"cannot read the outcomes {path}, row {number}: {error}; {_REMEDY}") from None
    except OSError as error:
        raise TrainingRefused(f"cannot read the outcomes {path}: {error.strerror or error}; {_REMEDY}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TrainingRefused(f"the outcomes {path} are no CSV: {error}; {_REMEDY}") from None


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        _check_columns(path, reader.fieldnames or [])
        for row in reader:
            yield reader.line_num, row


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        _check_columns(path, file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pyarrow.ArrowException as error:
        raise TrainingRefused(f"cannot read the outcomes {path} as Parquet: {' '.join(str(error).split())}") from None


def _check_columns(path: Path, names: Any) -> None:
    if missing := [name for name in REQUIRED if name not in names]:
        raise TrainingRefused(f"the outcomes {path} have no column {', '.join(missing)}: {_REMEDY}")


def _row(row: dict[str, Any]) -> _Row:
    lead = row["lead"]
    if not isinstance(lead, str | int) or str(lead) == "":
        raise ValueError("lead: must be the lead's id")
    time, zone = _instant(row["time"])
    value = row.get("value")
    try:
        worth = float("nan") if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"value: must be a number, not {str(value)[:40]!r}") from None
    return _Row(str(lead), time, str(row.get("outcome") or ""), worth, zone)


def _instant(value: Any) -> tuple[int, str]:
    """Milliseconds, and the offset that it was written with."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("time: has no zone; make the column a timestamp in UTC")
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return parse_time(text), value.strftime("%z") or "Z"
    if isinstance(value, date) or value is None:
        raise ValueError(f"time: must be an RFC 3339 time with an offset, not {value}")
    text = str(value).strip()
    time = parse_time(text)
    return time, "Z" if text.endswith("Z") else text[-6:]
