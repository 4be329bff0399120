"""A lead's row, as it lies in the store and in the changelog: a header and three sections.

Header: version (1 byte), length of the standing and of the contributions (2 bytes each, little-endian). Sections: the
standing (`stream.core.standing`), the contributions of the last score change in thousandths of log-odds (2 bytes a
feature), the state (`stream.core.pack`).
"""

from typing import Final, NamedTuple

import numpy as np

from stream.core.kernel import kernel
from stream.core.lead import Hashes, Ints
from stream.core.octets import Octets, copy, get_fixed, put_fixed
from stream.core.standing import scored_rank

VERSION: Final = 2
HEADER: Final = 5

Told = np.ndarray[tuple[int, int], np.dtype[np.int16]]


class RowError(Exception):
    """A stored row of a version that this program does not know."""


class Rows(NamedTuple):
    """L rows, or sections of them: data[start[i]:end[i]]."""

    data: Octets
    start: Ints
    end: Ints


class Sections(NamedTuple):
    """Where the sections of L rows begin, and what lies at fixed places in them; an empty row has empty sections.

    scored_by: number of the model that scored the lead last, clock: the latest instant that a sweep scored it as of (0
    for none, both). latest: its latest event time.
    """

    data: Octets
    standing: Ints
    contributions: Ints
    state: Ints
    end: Ints
    scored_by: Hashes
    clock: Ints
    latest: Ints

    @property
    def standings(self) -> Rows:
        """The first section of each row."""
        return Rows(self.data, self.standing, self.contributions)

    @property
    def states(self) -> Rows:
        """The last section of each row."""
        return Rows(self.data, self.state, self.end)


def rows_of(parts: list[bytes]) -> Rows:
    """Rows, or sections, that were bytes."""
    at = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=at[1:])
    return Rows(np.frombuffer(b"".join(parts) or b"\0", np.uint8).copy(), at[:-1], at[1:])


def split_rows(rows: Rows) -> Sections:
    """The sections of stored rows. Raises RowError, never guesses."""
    size = len(rows.start)
    standing, contributions, state, clock, latest = (np.zeros(size, np.int64) for _ in range(5))
    scored_by = np.zeros(size, np.uint64)
    found = Sections(rows.data, standing, contributions, state, rows.end, scored_by, clock, latest)
    wrong = _split(rows, found)
    if wrong >= 0:
        version = int(rows.data[rows.start[wrong]])
        raise RowError(f"a row of version {version}, this program knows {VERSION}: run the release that wrote it")
    return found


def like_beside_like(rows: Rows) -> Ints:
    """An order of the rows in which leads that were scored alike lie beside each other, new ones first: through the
    trees of a model they mostly go one way, which a processor foresees. A batch in any order costs a quarter more.
    """
    rank = np.empty(len(rows.start), np.int64)
    _rank(rows, rank)
    return np.argsort(rank, kind="stable")


def join_rows(standings: Rows, old: Sections, told: Ints, contributions: Told, states: Rows) -> tuple[Octets, Ints]:
    """The rows to store, row i from at[i] to at[i + 1]. `told`: for each the row of `contributions` that is new, or -1
    where the old ones hold.
    """
    width = 2 * contributions.shape[1]
    sizes = standings.end - standings.start + states.end - states.start
    out = np.empty(int(sizes.sum()) + len(sizes) * (HEADER + width), np.uint8)
    at = np.zeros(len(sizes) + 1, np.int64)
    _join(standings, old, told, contributions, states, out, at)
    return out, at


@kernel
def _split(rows: Rows, found: Sections) -> int:
    """Place of the first row of another version, or -1."""
    for i in range(rows.start.size):
        start = rows.start[i]
        if start == rows.end[i]:
            found.standing[i], found.contributions[i], found.state[i] = start, start, start
            continue
        if rows.data[start] != VERSION:
            return i
        standing = start + HEADER
        contributions = standing + np.int64(get_fixed(rows.data, start + 1, 2))
        state = contributions + np.int64(get_fixed(rows.data, start + 3, 2))
        found.standing[i], found.contributions[i], found.state[i] = standing, contributions, state
        if contributions > standing:
            found.scored_by[i] = get_fixed(rows.data, standing, 8)
            found.clock[i] = np.int64(get_fixed(rows.data, standing + 16, 8))
        if rows.end[i] > state:
            found.latest[i] = np.int64(get_fixed(rows.data, state, 8))
    return -1


@kernel
def _rank(rows: Rows, rank: Ints) -> None:
    for i in range(rows.start.size):
        start = rows.start[i]
        known = rows.end[i] > start and rows.data[start] == VERSION
        rank[i] = scored_rank(rows.data, start + HEADER) if known else -(1 << 32)


@kernel
def _join(
    standings: Rows, old: Sections, told: Ints, contributions: Told, states: Rows, out: Octets, row_at: Ints
) -> None:
    at = 0
    for i in range(told.size):
        width = 2 * contributions.shape[1] if told[i] >= 0 else old.state[i] - old.contributions[i]
        out[at] = np.uint8(VERSION)
        at = put_fixed(out, at + 1, np.uint64(standings.end[i] - standings.start[i]), 2)
        at = put_fixed(out, at, np.uint64(width), 2)
        at = copy(standings.data, standings.start[i], standings.end[i], out, at)
        if told[i] >= 0:
            for f in range(contributions.shape[1]):
                at = put_fixed(out, at, np.uint64(contributions[told[i], f] & 0xFFFF), 2)
        else:
            at = copy(old.data, old.contributions[i], old.state[i], out, at)
        at = copy(states.data, states.start[i], states.end[i], out, at)
        row_at[i + 1] = at
