"""The ring of hot rows and the table that finds a row in it, compiled; `stream.runtime.arena` says what for."""

from typing import Final, NamedTuple

import numpy as np

from stream.core.hashing import LONGEST, xxh3
from stream.core.kernel import kernel
from stream.core.lead import Flags, Hashes, Ints
from stream.core.octets import Octets, copy, get_fixed, put_fixed, same

Places = np.ndarray[tuple[int], np.dtype[np.int32]]

HEADER: Final = 10
"""Bytes before each row in the ring: entry (4), length of the whole (4), length of the lead (2)."""
GAP: Final = 0xFFFFFFFF
"""In the place of an entry: nothing more before the ring's end."""

NONE: Final = -1

# Places in `numbers`.
HEAD: Final = 0
TAIL: Final = 1
USED: Final = 2
"""Bytes between tail and head."""
FREE: Final = 3
"""How many entries are free."""
POLL: Final = 4
EPOCH: Final = 5
KEPT: Final = 6
"""The latest epoch whose rows the store has."""
DIRTY: Final = 7
EVICTED: Final = 8
NUMBERS: Final = 9


class Table(NamedTuple):
    """One place an entry, but in `places` (entry by hash, or NONE), `free`, `dirty` (lists of entries) and `ring`.

    at: where the row lies. partition: NONE for a free entry. poll, epoch: when it was used and changed last.
    number: work space of `number_all`. used: whether it was used since the head came by.
    """

    places: Places
    hash: Hashes
    at: Ints
    partition: Places
    poll: Ints
    epoch: Ints
    number: Places
    used: Flags
    free: Places
    dirty: Places
    numbers: Ints
    ring: Octets


class Keys(NamedTuple):
    """N leads: data[start[i]:end[i]] in UTF-8, of partition[i]."""

    data: Octets
    start: Ints
    end: Ints
    partition: Ints


@kernel
def _hash(data: Octets, start: int, end: int, partition: int) -> np.uint64:
    found = xxh3(data, start, min(end, start + LONGEST))
    if end - start > LONGEST:
        found = found * np.uint64(0xBF58476D1CE4E5B9) ^ xxh3(data, end - LONGEST, end)
    return np.uint64(found ^ (np.uint64(partition) * np.uint64(0x9E3779B97F4A7C15)))


@kernel
def _find(table: Table, keys: Keys, i: int, hash_: np.uint64) -> int:
    mask = table.places.size - 1
    at = np.int64(hash_ & np.uint64(mask))
    while table.places[at] != NONE:
        if _is_of(table, table.places[at], keys, i, hash_):
            return int(table.places[at])
        at = (at + 1) & mask
    return NONE


@kernel
def _is_of(table: Table, entry: int, keys: Keys, i: int, hash_: np.uint64) -> bool:
    """Whether the entry is that of the key."""
    if table.hash[entry] != hash_ or table.partition[entry] != keys.partition[i]:
        return False
    where = table.at[entry] + HEADER
    start, end = keys.start[i], keys.end[i]
    return bool(
        np.int64(get_fixed(table.ring, where - 2, 2)) == end - start and same(keys.data, start, end, table.ring, where)
    )


@kernel
def find_all(table: Table, keys: Keys, wanted: Ints, hashes: Hashes, found: Ints) -> None:
    """The entry of each key at the places `wanted`, or NONE; what is found belongs to the poll from now on.
    `hashes`: room, one place for each wanted.

    In two passes: nothing in the first waits for memory that another key is looked for in.
    """
    mask = np.uint64(table.places.size - 1)
    for j in range(wanted.size):
        i = wanted[j]
        hashes[j] = _hash(keys.data, keys.start[i], keys.end[i], keys.partition[i])
        found[i] = table.places[np.int64(hashes[j] & mask)]
    for j in range(wanted.size):
        i = wanted[j]
        if found[i] != NONE and not _is_of(table, found[i], keys, i, hashes[j]):
            found[i] = _find(table, keys, i, hashes[j])
        if found[i] != NONE:
            table.poll[found[i]] = table.numbers[POLL]
            table.used[found[i]] = True


@kernel
def number_all(table: Table, found: Ints, entries: Ints, lead: Ints) -> int:
    """Numbers the entries in the order in which they are found: `entries` has each once, `lead` the number of each
    found. Returns how many there are.
    """
    size = 0
    for entry in found:
        table.number[entry] = NONE
    for i in range(found.size):
        entry = found[i]
        if table.number[entry] == NONE:
            table.number[entry] = size
            entries[size] = entry
            size += 1
        lead[i] = table.number[entry]
    return size


@kernel
def add_all(table: Table, keys: Keys, wanted: Ints, rows: Octets, row_at: Ints) -> bool:
    """Takes rows that are not there, of the keys at the places `wanted`. False where there is no room."""
    for i in range(wanted.size):
        key = wanted[i]
        size = int(keys.end[key] - keys.start[key])
        if not _make_room(table, HEADER + size + row_at[i + 1] - row_at[i], True):
            return False
        table.numbers[FREE] -= 1
        entry = table.free[table.numbers[FREE]]
        table.hash[entry] = _hash(keys.data, keys.start[key], keys.end[key], keys.partition[key])
        table.partition[entry] = keys.partition[key]
        table.poll[entry] = table.numbers[POLL]
        table.epoch[entry] = 0
        table.used[entry] = False
        _write(table, int(entry), keys.data, keys.start[key], size, rows, row_at[i], row_at[i + 1])
        mask = table.places.size - 1
        at = np.int64(table.hash[entry] & np.uint64(mask))
        while table.places[at] != NONE:
            at = (at + 1) & mask
        table.places[at] = entry
    return True


@kernel
def change_all(table: Table, entries: Ints, rows: Octets, row_at: Ints) -> bool:
    """Replaces rows, as part of the open epoch. False where there is no room."""
    for i in range(entries.size):
        entry = entries[i]
        key = table.at[entry] + HEADER
        size = int(get_fixed(table.ring, key - 2, 2))
        if not _make_room(table, HEADER + size + row_at[i + 1] - row_at[i], False):
            return False
        key = table.at[entry] + HEADER  # making room may have moved it
        _write(table, entry, table.ring, key, size, rows, row_at[i], row_at[i + 1])
        if table.epoch[entry] != table.numbers[EPOCH]:
            table.epoch[entry] = table.numbers[EPOCH]
            table.dirty[table.numbers[DIRTY]] = entry
            table.numbers[DIRTY] += 1
    return True


@kernel
def _write(table: Table, entry: int, keys: Octets, key: int, size: int, rows: Octets, row: int, row_end: int) -> None:
    """Writes at the head, where there is room."""
    head = table.numbers[HEAD]
    total = HEADER + size + row_end - row
    if head + total > table.ring.size:
        if head + HEADER <= table.ring.size:
            put_fixed(table.ring, head, np.uint64(GAP), 4)
        table.numbers[USED] += table.ring.size - head
        head = 0
    at = put_fixed(table.ring, head, np.uint64(entry), 4)
    at = put_fixed(table.ring, at, np.uint64(total), 4)
    at = put_fixed(table.ring, at, np.uint64(size), 2)
    at = copy(keys, key, key + size, table.ring, at)
    copy(rows, row, row_end, table.ring, at)
    table.at[entry] = head
    table.numbers[HEAD] = head + total
    table.numbers[USED] += total


@kernel
def _make_room(table: Table, size: int, entry: bool) -> bool:
    """Runs the tail on until `size` bytes fit at the head (and, where asked, an entry is free)."""
    moved = 0
    # What is moved must not run into what has not been read yet, also where the ring's end leaves a gap.
    margin = table.ring.size >> 4
    while table.ring.size - table.numbers[USED] < size + margin or (entry and table.numbers[FREE] == 0):
        tail = int(table.numbers[TAIL])
        if tail + HEADER > table.ring.size or np.int64(get_fixed(table.ring, tail, 4)) == GAP:
            table.numbers[USED] -= table.ring.size - tail
            table.numbers[TAIL] = 0
            continue
        holder = int(get_fixed(table.ring, tail, 4))
        total = int(get_fixed(table.ring, tail + 4, 4))
        table.numbers[TAIL] = tail + total
        table.numbers[USED] -= total
        if table.partition[holder] == NONE or table.at[holder] != tail:
            continue  # it was changed or dropped since, and lies elsewhere or nowhere
        needed = table.poll[holder] == table.numbers[POLL] or table.epoch[holder] > table.numbers[KEPT]
        if needed or table.used[holder]:
            if needed:
                moved += total
            if moved > table.ring.size:
                return False
            table.used[holder] = False
            key = int(get_fixed(table.ring, tail + 8, 2))
            row = tail + HEADER + key
            _write(table, holder, table.ring, int(tail + HEADER), key, table.ring, row, int(tail + total))
        else:
            _remove(table, holder)
            table.numbers[EVICTED] += 1
    return True


@kernel
def _remove(table: Table, entry: int) -> None:
    """Takes the entry out of the table; those after it move up, so that each is still found."""
    mask = table.places.size - 1
    at = np.int64(table.hash[entry] & np.uint64(mask))
    while table.places[at] != entry:
        at = (at + 1) & mask
    hole = at
    while True:
        at = (at + 1) & mask
        other = table.places[at]
        if other == NONE:
            break
        home = np.int64(table.hash[other] & np.uint64(mask))
        if (at - home) & mask >= (at - hole) & mask:
            table.places[hole] = other
            hole = at
    table.places[hole] = NONE
    table.partition[entry] = NONE
    table.free[table.numbers[FREE]] = entry
    table.numbers[FREE] += 1


@kernel
def remove_all(table: Table, entries: Ints) -> None:
    """Drops rows."""
    for entry in entries:
        _remove(table, int(entry))


@kernel
def row_spans(table: Table, entries: Ints, start: Ints, end: Ints) -> None:
    """Where the rows of these entries lie."""
    for i in range(entries.size):
        at = table.at[entries[i]]
        end[i] = at + np.int64(get_fixed(table.ring, at + 4, 4))
        start[i] = at + HEADER + np.int64(get_fixed(table.ring, at + 8, 2))


@kernel
def lead_spans(table: Table, entries: Ints, start: Ints) -> None:
    """Where the leads of these entries begin; each ends where its row begins."""
    for i in range(entries.size):
        start[i] = table.at[entries[i]] + HEADER


@kernel
def copy_changed(table: Table, lead_at: Ints, at: Ints, out: Octets) -> None:
    """Each lead with its row, which lie side by side from lead_at[i] on, to out[at[i]:at[i + 1]]."""
    for i in range(lead_at.size):
        copy(table.ring, lead_at[i], lead_at[i] + at[i + 1] - at[i], out, at[i])
