"""Names of outputs: the same trigger gives the same name, however often it is processed."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

ID_WIDTH: Final = 32
"""Characters of an output's name."""


class Origin(NamedTuple):
    """The input record that an output comes from. part: which of the events in it, where it holds several."""

    topic: str
    partition: int
    offset: int
    part: int = 0


class Tick(NamedTuple):
    """The instant of a sweep, in milliseconds since 1970, that an output comes from."""

    instant: int


def origin_of(lead: bytes, trigger: Origin | Tick) -> bytes:
    """What the names of a lead's outputs of one trigger have in common."""
    if isinstance(trigger, Tick):
        return b"%b\0tick:%d\0" % (lead, trigger.instant)
    part = b"%d\0" % trigger.part if trigger.part else b""
    return b"%b\0%b\0%d\0%d\0" % (lead, trigger.topic.encode(), trigger.partition, trigger.offset) + part


def output_ids(application: str, kind: str, origins: Sequence[bytes], rule: str = "") -> list[bytes]:
    """For each origin 128 bits of BLAKE2b over application, kind, lead, trigger (topic, partition and offset, or tick)
    and rule, each ended by NUL (which none of them contains), in hex.
    """
    first, last = f"{application}\0{kind}\0".encode(), f"{rule}\0".encode()
    digests = [blake2b(first + origin + last, digest_size=ID_WIDTH // 2).digest() for origin in origins]
    names = b"".join(digests).hex().encode()
    return [names[at : at + ID_WIDTH] for at in range(0, len(names), ID_WIDTH)]
