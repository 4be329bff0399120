"""An epoch: what has been taken from the inputs and not been committed yet."""

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from stream.core.features import Vector
from stream.core.lead import Ints
from stream.core.outputs import Output
from stream.runtime.partition_row import PartitionRow
from stream.runtime.traces import Trace

MOST_APART: Final = 50.0


def polls_apart(length: float) -> float:
    """How many ms apart polls begin where no backlog fills them: one for each epoch, since every poll costs as much as
    a hundred events, whatever it brings; more of them in a long one. `length`: of an epoch, in ms.
    """
    return min(MOST_APART, length)


def _ids() -> Iterator[str]:
    """Of this process, and of no other."""
    process = secrets.token_hex(4)
    return (f"{process}-{number}" for number in itertools.count(1))


_IDS: Final = _ids()


class Scored(NamedTuple):
    """What a poll's events or a sweep's leads were scored."""

    cause: Literal["event", "clock"]
    log_odds: Vector
    percentile: Ints


@dataclass
class Share:
    """One partition's part: changed leads with their rows (None for one that expired), and its own rows."""

    rows: dict[bytes, bytes | None] = field(default_factory=dict)
    """Filled when the epoch is cut."""
    definitions: bytes | None = None
    """The definitions row, where it is not in the changelog yet."""
    row: PartitionRow | None = None


@dataclass
class Epoch:
    """All parts, with the outputs in order. id: for logs and traces. number: of its rows in memory."""

    id: str = field(default_factory=lambda: next(_IDS))
    number: int = 0
    shares: dict[int, Share] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    """The Kafka timestamps behind the outputs that events caused, in ms."""
    oldest: int | None = None
    """The earliest of them."""
    oldest_trace: str = ""
    """The `traceparent` that the record of that time came with, where it had one."""
    traces: list[Trace] = field(default_factory=list)
    """Of its polls, of those that are traced."""
    scored: list[Scored] = field(default_factory=list)
    records: Counter[str] = field(default_factory=Counter)
    """Input records by topic; like the next three, what the metrics count once the epoch is committed."""
    verdicts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason."""
    swept: Counter[str] = field(default_factory=Counter)
    """Leads that sweeps looked at: scored, or expired."""
    began: float = field(default_factory=time.monotonic)

    def share(self, partition: int) -> Share:
        return self.shares.setdefault(partition, Share())
