"""The partitions a worker owns: where each stands, and its leads' rows, from memory or the local store."""

from dataclasses import dataclass, field
from itertools import islice

from stream.runtime.store import Store


@dataclass
class Partition:
    """One owned partition.

    generation: grows with every assignment and rewind; what was fetched under another one is dropped.
    positions, committed: next offset by topic, of what was taken and of what was committed.
    definitions: the definitions row that still has to be written, if any. told_model: the model that the changelog has
    for it; model_since: the positions at which the model in force took over.
    """

    number: int
    generation: int
    positions: dict[str, int]
    committed: dict[str, int]
    definitions: bytes | None
    told_model: str
    model_since: dict[str, int]
    rows: dict[str, bytes] = field(default_factory=dict)


class Partitions:
    """All owned partitions, by number."""

    def __init__(self, store: Store, cached_rows: int) -> None:
        self._store = store
        self._cached_rows = cached_rows
        self.owned: dict[int, Partition] = {}

    def rows(self, wanted: dict[str, int]) -> dict[str, bytes]:
        """The row of each lead, given its partition; empty for a lead not known yet."""
        found: dict[str, bytes] = {}
        missing: dict[int, list[str]] = {}
        for lead, partition in wanted.items():
            row = self.owned[partition].rows.get(lead)
            if row is None:
                missing.setdefault(partition, []).append(lead)
            else:
                found[lead] = row
        for partition, leads in missing.items():
            stored = self._store.rows(partition, [lead.encode() for lead in leads])
            found |= {lead: row or b"" for lead, row in zip(leads, stored, strict=True)}
        return found

    def knows(self, partition: int, lead: str) -> bool:
        """Whether the lead's row is in memory."""
        return lead in self.owned[partition].rows

    def trim(self) -> int:
        """Drops the rows longest in memory beyond the limit, from each partition its share; returns how many are left.

        Only while none is dirty.
        """
        size = sum(len(partition.rows) for partition in self.owned.values())
        excess = size - self._cached_rows
        if excess > 0:
            for partition in self.owned.values():
                for lead in list(islice(partition.rows, -(-excess * len(partition.rows) // size))):
                    del partition.rows[lead]
        return min(size, self._cached_rows)
