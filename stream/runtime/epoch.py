"""An epoch: what has been taken from the inputs and not been committed yet."""

import time
from collections import Counter
from dataclasses import dataclass, field

from stream.core.outputs import Output
from stream.runtime.partition_row import PartitionRow


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
    """All parts, with the outputs in order. number: of its rows in memory."""

    number: int = 0
    shares: dict[int, Share] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    oldest: int | None = None
    """The earliest Kafka timestamp among records with outputs, in ms."""
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
