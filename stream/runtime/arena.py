"""The hot rows: a fixed piece of memory that holds the rows of the leads seen lately, compiled.

Rows lie one after the other in a ring. A changed row is written anew at the ring's head; what the head is about to run
over is dropped, unless it is needed: rows of the poll in hand, rows that no commit has written to the store yet, and,
once, rows used since the head last came by. A table finds a row by its lead. Dropping loses nothing: the store has it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from stream.core.lead import Ints
from stream.core.octets import Octets
from stream.core.row import Rows
from stream.runtime.ring import (
    DIRTY,
    EPOCH,
    EVICTED,
    FREE,
    KEPT,
    NONE,
    NUMBERS,
    POLL,
    Keys,
    Table,
    add_all,
    change_all,
    copy_changed,
    find_all,
    lead_spans,
    number_all,
    remove_all,
    row_spans,
)

SMALLEST_ROW: Final = 128


class ArenaFull(Exception):
    """Rows that are needed at one time do not fit; the message says which setting to raise."""


class Arena:
    """Hot rows of all owned partitions. One thread at a time."""

    def __init__(self, size: int) -> None:
        """`size` in bytes, the ring and what finds rows in it together."""
        # An entry costs 50 bytes and up to 4 places of 4 bytes in the table beside its row.
        entries = size // (SMALLEST_ROW + 66)
        places = 1 << (2 * entries - 1).bit_length()
        ring = size - 50 * entries - 4 * places
        self._table = Table(
            places=np.full(places, NONE, np.int32),
            hash=np.zeros(entries, np.uint64),
            at=np.zeros(entries, np.int64),
            partition=np.full(entries, NONE, np.int32),
            poll=np.zeros(entries, np.int64),
            epoch=np.zeros(entries, np.int64),
            number=np.zeros(entries, np.int32),
            used=np.zeros(entries, np.bool_),
            free=np.arange(entries - 1, -1, -1, dtype=np.int32),
            dirty=np.zeros(entries, np.int32),
            numbers=np.zeros(NUMBERS, np.int64),
            ring=np.zeros(ring, np.uint8),
        )
        self._table.numbers[FREE] = entries
        self._table.numbers[POLL] = self._table.numbers[EPOCH] = 1

    @property
    def leads(self) -> int:
        """How many rows are hot."""
        return len(self._table.at) - int(self._table.numbers[FREE])

    @property
    def evicted(self) -> int:
        """How many rows have been dropped so far."""
        return int(self._table.numbers[EVICTED])

    @property
    def dirty(self) -> int:
        """How many rows the open epoch has changed."""
        return int(self._table.numbers[DIRTY])

    def find(self, keys: Keys) -> Ints:
        """The entry of each lead, NONE where its row is not hot. Begins a poll: what is found stays until the next."""
        self._table.numbers[POLL] += 1
        found = np.empty(len(keys.start), np.int64)
        self.find_again(keys, np.arange(len(found)), found)
        return found

    def find_again(self, keys: Keys, wanted: Ints, found: Ints) -> None:
        """Looks anew for the leads at these places of `keys`, in the same poll."""
        find_all(self._table, keys, wanted, np.empty(len(wanted), np.uint64), found)

    def number(self, found: Ints) -> tuple[Ints, Ints]:
        """The different entries among those found, and for each found its place among them."""
        entries, lead = np.empty(len(found), np.int64), np.empty(len(found), np.int64)
        return entries[: number_all(self._table, found, entries, lead)], lead

    def add(self, keys: Keys, wanted: Ints, rows: Sequence[bytes]) -> None:
        """Takes rows, of the leads at these places of `keys`, from the store; empty ones for leads not known yet.

        Raises ArenaFull.
        """
        at = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=at[1:])
        self._check(add_all(self._table, keys, wanted, np.frombuffer(b"".join(rows) or b"\0", np.uint8), at))

    def rows(self, entries: Ints) -> Rows:
        """Where the rows of these entries lie, until rows are added or changed."""
        start, end = np.empty(len(entries), np.int64), np.empty(len(entries), np.int64)
        row_spans(self._table, entries, start, end)
        return Rows(self._table.ring, start, end)

    def change(self, entries: Ints, rows: Octets, row_at: Ints) -> None:
        """Replaces the rows of these entries by rows[row_at[i]:row_at[i + 1]], as part of the open epoch.

        Raises ArenaFull.
        """
        self._check(change_all(self._table, entries, rows, row_at))

    def cut(self) -> dict[int, dict[bytes, bytes | None]]:
        """Ends the open epoch: by partition, lead and row of all that it changed, which stays here until `keep`. None
        for an empty row.
        """
        table = self._table
        entries = table.dirty[: self.dirty].astype(np.int64)
        table.numbers[DIRTY] = 0
        table.numbers[EPOCH] += 1
        entries = entries[np.argsort(table.partition[entries], kind="stable")]
        lead_at, start, end = (np.empty(len(entries), np.int64) for _ in range(3))
        lead_spans(table, entries, lead_at)
        row_spans(table, entries, start, end)
        at = np.concatenate(([0], np.cumsum(end - lead_at)))
        out = np.empty(at[-1], np.uint8)
        copy_changed(table, lead_at, at, out)
        # Copied together and then sliced, a row costs half of what it does made from a slice of the ring.
        every, first, last = out.tobytes(), at[:-1].tolist(), at[1:].tolist()
        middle = (at[:-1] + start - lead_at).tolist()
        leads = [every[begin:end] for begin, end in zip(first, middle, strict=True)]
        rows = [every[begin:end] or None for begin, end in zip(middle, last, strict=True)]
        partitions, begins = np.unique(table.partition[entries], return_index=True)
        parts = [slice(*ends) for ends in pairwise([*begins.tolist(), len(rows)])]
        return {
            partition: dict(zip(leads[part], rows[part], strict=True))
            for partition, part in zip(partitions.tolist(), parts, strict=True)
        }

    def keep(self, epoch: int) -> None:
        """The store has the rows of this epoch and of all before it."""
        self._table.numbers[KEPT] = epoch

    @property
    def epoch(self) -> int:
        """The open epoch's number."""
        return int(self._table.numbers[EPOCH])

    def forget(self, partitions: Sequence[int], since: int = 0) -> None:
        """Drops the rows of these partitions that were changed in this epoch or later."""
        table = self._table
        gone = np.flatnonzero(np.isin(table.partition, list(partitions)) & (table.epoch >= since))
        remove_all(table, gone)
        still = table.dirty[: self.dirty]
        still = still[table.partition[still] != NONE]
        table.dirty[: len(still)] = still
        table.numbers[DIRTY] = len(still)

    def _check(self, done: bool) -> None:
        if not done:
            raise ArenaFull(
                f"the changed rows of one epoch do not fit into {len(self._table.ring) >> 20} MiB of hot rows: raise "
                "limits.hot_memory or lower limits.epoch_rows"
            )
