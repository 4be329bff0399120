"""The partition's own rows in the changelog. Their keys begin with NUL, which no lead id does.

The partition row has positions, the model in force and how far the sweep has come; it is the last row that an epoch
writes to a partition. The definitions row says what lead rows refer to by number; it is written when that changes.
"""

from typing import Final

import msgspec

KEY: Final = b"\0partition"
DEFINITIONS_KEY: Final = b"\0definitions"
FORMAT: Final = 1


class PartitionRowError(Exception):
    """The state was made by settings that these do not extend; the message names what changed and the remedy."""


class Clock(msgspec.Struct, frozen=True):
    """How far time has come for the sweeps of a partition.

    watermark: the latest event time, 0 before the first. tick: the instant of the last sweep begun. cursor: the lead
    after which that one goes on, empty before the first; None where it is done. Times in milliseconds since 1970.
    """

    watermark: int = 0
    tick: int = 0
    cursor: str | None = None


class PartitionRow(msgspec.Struct, frozen=True):
    """application: whose rows these are. positions: next offset by input topic.

    model: digest of the model in force, with its kind and the positions at which it took over.
    definitions: digest of the definitions row that the lead rows were made by. clock: as of these positions.
    partitions: how many the topics had, by which leads were distributed; 0 in rows of before this was kept.
    ids: of the input topics then, as in `Topics`; none in rows of before this was kept.
    """

    format: int
    application: str
    positions: dict[str, int]
    model: str
    kind: str
    model_since: dict[str, int]
    definitions: str
    clock: Clock = Clock()
    partitions: int = 0
    ids: dict[str, str] = {}


def encode(row: PartitionRow) -> bytes:
    """The row's value."""
    return msgspec.json.encode(row)


def decode(value: bytes) -> PartitionRow:
    """Raises PartitionRowError for a row of another format."""
    try:
        row = msgspec.json.decode(value, type=PartitionRow)
    except msgspec.DecodeError as error:
        raise PartitionRowError(f"the changelog's partition row cannot be read: {error}") from None
    if row.format != FORMAT:
        raise PartitionRowError(f"the changelog has format {row.format}, this release {FORMAT}: run a newer one")
    return row


def other_count(stored: int, now: int) -> str:
    """Why a state is not gone on with that was made for another number of partitions."""
    return (
        f"the state was made for {stored} partitions and the topics have {now}: leads would move away from their "
        "state. Begin anew with topics of another prefix"
    )


def encode_definitions(now: dict[str, str]) -> bytes:
    """The definitions row's value."""
    return msgspec.json.encode(now)


def check_definitions(stored: bytes | None, now: dict[str, str], partition: int) -> None:
    """Raises PartitionRowError unless everything that the stored rows rely on still means the same.

    `stored`: the definitions row; `now`: see `schemas.digest.definitions`.
    """
    if stored is None:
        raise PartitionRowError(f"the changelog of partition {partition} has lost the row that says what its rows mean")
    before = msgspec.json.decode(stored, type=dict[str, str])
    changed = sorted(name for name, digest in before.items() if now.get(name) != digest)
    if changed:
        raise PartitionRowError(
            f"the state of partition {partition} was made with another meaning of {', '.join(changed)}. Give a changed "
            "signal, field or page a new number (or place) and keep the old one, or begin anew with another "
            "`application` and a changelog of its own"
        )
