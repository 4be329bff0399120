"""The partitions a worker owns: where each stands, and its leads' rows, from memory or the local store."""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from stream.core.lead import Ints
from stream.core.row import Rows, like_beside_like
from stream.runtime.arena import Arena
from stream.runtime.partition_row import Clock
from stream.runtime.ring import NONE, Keys
from stream.runtime.store import Store


@dataclass
class Sweep:
    """A sweep under way, as far as this process has brought it."""

    began: float
    scored: int = 0
    expired: int = 0


@dataclass
class Partition:
    """One owned partition of so many.

    generation: grows with every assignment and rewind; what was fetched under another one is dropped.
    ids: of the input topics, which every partition row keeps.
    positions, committed: next offset by topic, of what was taken and of what was committed.
    definitions: the definitions row that still has to be written, if any. told_model: the model that the changelog has
    for it; model_since: the positions at which the model in force took over.
    clock, committed_clock: how far its time has come, as taken and as committed. heard: when records last came, by the
    monotonic clock.
    """

    number: int
    of: int
    generation: int
    ids: dict[str, str]
    positions: dict[str, int]
    committed: dict[str, int]
    definitions: bytes | None
    told_model: str
    model_since: dict[str, int]
    clock: Clock
    committed_clock: Clock
    heard: float = field(default_factory=time.monotonic)
    sweep: Sweep | None = None


_NO_PARTITION: Final = (1 << 31) - 1


class Hot(NamedTuple):
    """The rows of a poll's leads, in memory. entries: of each lead. lead: for each arrival its place in `entries`."""

    entries: Ints
    lead: Ints
    rows: Rows


class Partitions:
    """All owned partitions, by number, and their leads' rows."""

    def __init__(self, store: Store, hot_memory: int) -> None:
        self._store = store
        self.hot = Arena(hot_memory)
        self.owned: dict[int, Partition] = {}
        self.tally: Counter[str] = Counter()
        """How many rows that were needed were hot, and how many stored; for the metrics, which empty it."""

    def compile(self) -> None:
        """Has the kernels compiled by a row of nobody, in a partition that no topic has."""
        hot = self.look_up([b"nobody"], np.full(1, _NO_PARTITION))
        self.hot.change(hot.entries, np.zeros(1, np.uint8), np.array([0, 1]))
        self.hot.cut()
        self.let_go([_NO_PARTITION])
        self.tally.clear()

    def look_up(self, leads: Sequence[bytes], partition: Ints, read: Mapping[bytes, bytes] | None = None) -> Hot:
        """The rows of these leads, each of its partition and possibly named more than once; empty for one not known
        yet. `read`: rows that were read from the store just now. Raises StoreError and ArenaFull.
        """
        at = np.zeros(len(leads) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, leads), np.int64, len(leads)), out=at[1:])
        keys = Keys(np.frombuffer(b"".join(leads) or b"\0", np.uint8), at[:-1], at[1:], partition)
        found = self.hot.find(keys)
        missing = np.flatnonzero(found == NONE)
        if len(missing):
            self.tally["stored"] += self._fetch(leads, keys, missing, read)
            self.hot.find_again(keys, missing, found)
        self.tally["hot"] += len(leads) - len(missing)
        entries, lead = self.hot.number(found)
        rows = self.hot.rows(entries)
        order = like_beside_like(rows)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return Hot(entries[order], place[lead], Rows(rows.data, rows.start[order], rows.end[order]))

    def after(self, partition: int, lead: str, most: int) -> list[tuple[bytes, bytes]]:
        """The next leads of a partition in the order of their keys, with their rows; fewer than `most` are its last.

        Only while none is dirty: the store then has every row.
        """
        return self._store.rows_after(partition, lead.encode() or None, most)

    def let_go(self, partitions: Collection[int]) -> None:
        """These are no longer owned."""
        for number in partitions:
            self.owned.pop(number, None)
        self.hot.forget(list(partitions))

    def _fetch(self, leads: Sequence[bytes], keys: Keys, missing: Ints, read: Mapping[bytes, bytes] | None) -> int:
        """Takes rows from the store into memory; returns how many."""
        first: dict[tuple[int, bytes], int] = {}
        for place, home in zip(missing.tolist(), keys.partition[missing].tolist(), strict=True):
            first.setdefault((home, leads[place]), place)
        rows: dict[int, bytes] = {}
        for home in {home for home, _ in first}:
            wanted = {lead: place for (other, lead), place in first.items() if other == home}
            stored = self._store.rows(home, list(wanted)) if read is None else [read[lead] for lead in wanted]
            rows |= {place: row or b"" for place, row in zip(wanted.values(), stored, strict=True)}
        self.hot.add(keys, np.array(list(rows), np.int64), list(rows.values()))
        return len(rows)
