"""Event logs in Parquet, as lines: a column `event` with the raw JSON of each, or the native format's fields.

The rows go the way of a JSON Lines file, through the same decoders, so that a log says the same in either form.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from schemas.times import format_time
from training.refusal import TrainingRefused

if TYPE_CHECKING:
    import pyarrow

MAGIC: Final = b"PAR1"
RAW: Final = "event"
REQUIRED: Final = ("id", "lead", "time", "type")
OBJECTS: Final = ("properties", "fields")
ROWS: Final = 16_384
"""Rows of a block."""
_REMEDY: Final = (
    f"give one column {RAW} with the raw JSON of each event (text or binary), or the columns {', '.join(REQUIRED)} "
    "with name, path, properties and fields where there are any"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_parquet(path: Path) -> bool:
    """Whether the file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def parquet_lines(path: Path) -> Iterator[bytes]:
    """The rows as lines of JSON, in pieces. Raises TrainingRefused for a file or columns that cannot be read."""
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        columns = set(file.schema_arrow.names)
        if RAW in columns:
            for batch in file.iter_batches(ROWS, columns=[RAW]):
                yield _joined(_raw(batch))
        elif missing := [name for name in REQUIRED if name not in columns]:
            raise TrainingRefused(f"the event log {path} has no column {', '.join(missing)}: {_REMEDY}")
        else:
            for batch in file.iter_batches(ROWS):
                yield _joined([msgspec.json.encode(_native(row)) for row in _in_microseconds(batch).to_pylist()])
    except pyarrow.ArrowException as error:
        raise TrainingRefused(f"cannot read the event log {path} as Parquet: {' '.join(str(error).split())}") from None
    except ValueError as error:
        raise TrainingRefused(f"the event log {path} holds what is no event: {error}; {_REMEDY}") from None


def _raw(batch: "pyarrow.RecordBatch") -> list[bytes]:
    """JSON over several lines becomes one; an empty row stays one that is no event."""
    values = batch.column(0).to_pylist()
    texts = [each.encode() if isinstance(each, str) else each or b"null" for each in values]
    return [each.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in each else each for each in texts]


def _native(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a native event: no members for what is null, times as RFC 3339, objects as they are or as JSON text."""
    event = {name: value for name, value in row.items() if value is not None}
    if isinstance(event.get("time"), datetime):
        event["time"] = _stamp(event["time"])
    for name in OBJECTS:
        if isinstance(event.get(name), str | bytes):
            event[name] = msgspec.json.decode(event[name])
        elif isinstance(event.get(name), list):  # Arrow's maps come as pairs
            event[name] = dict(event[name])
        if isinstance(event.get(name), dict):
            event[name] = {key: value for key, value in event[name].items() if value is not None}
    return event


def _stamp(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("times without a zone: make the column a timestamp in UTC, or text with an offset")
    delta = time - _EPOCH
    return format_time((delta.days * 86_400 + delta.seconds) * 1_000 + delta.microseconds // 1_000)


def _joined(lines: list[bytes]) -> bytes:
    return b"\n".join([*lines, b""])


def _in_microseconds(batch: "pyarrow.RecordBatch") -> "pyarrow.RecordBatch":
    """Python's times end there; what is finer is cut off, as everywhere else."""
    import pyarrow

    place = batch.schema.get_field_index("time")
    kind = batch.schema.field(place).type
    if not pyarrow.types.is_timestamp(kind):
        return batch
    return batch.set_column(place, "time", batch.column(place).cast(pyarrow.timestamp("us", tz=kind.tz), safe=False))
