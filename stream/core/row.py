"""A lead's row, as it lies in the store and in the changelog: a header and three sections.

Header: version (1 byte), length of the standing and of the contributions (2 bytes each, little-endian). Sections: the
standing (`stream.core.standing`), the contributions of the last score change in thousandths of log-odds (2 bytes a
feature), the state (`stream.core.pack`).
"""

import struct
from typing import Final, NamedTuple

VERSION: Final = 1
_HEADER: Final = struct.Struct("<BHH")
_SCORED_BY: Final = slice(_HEADER.size, _HEADER.size + 8)


class RowError(Exception):
    """A stored row of a version that this program does not know."""


class Row(NamedTuple):
    """The sections; all empty for a lead that nothing is known of."""

    standing: bytes = b""
    contributions: bytes = b""
    state: bytes = b""


def join_row(row: Row) -> bytes:
    """The bytes to store."""
    header = _HEADER.pack(VERSION, len(row.standing), len(row.contributions))
    return b"".join((header, row.standing, row.contributions, row.state))


def split_row(data: bytes) -> Row:
    """The sections of stored bytes. Raises RowError, never guesses."""
    if not data:
        return Row()
    version, standing, contributions = _HEADER.unpack_from(data)
    if version != VERSION:
        raise RowError(f"a row of version {version}, this program knows {VERSION}: run the release that wrote it")
    first = _HEADER.size + standing
    second = first + contributions
    return Row(data[_HEADER.size : first], data[first:second], data[second:])


def scored_by(data: bytes) -> int:
    """Number of the model that scored the lead last; 0 for no row."""
    return int.from_bytes(data[_SCORED_BY], "little")
