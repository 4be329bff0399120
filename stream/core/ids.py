"""Names of outputs: the same trigger gives the same name, however often it is processed."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple


class Origin(NamedTuple):
    """The input record that an output comes from."""

    topic: str
    partition: int
    offset: int


class Tick(NamedTuple):
    """The instant of a sweep, in milliseconds since 1970, that an output comes from."""

    instant: int


def origin_of(lead: str, trigger: Origin | Tick) -> str:
    """What the names of a lead's outputs of one trigger have in common."""
    if isinstance(trigger, Tick):
        return f"{lead}\0tick:{trigger.instant}\0"
    return f"{lead}\0{trigger.topic}\0{trigger.partition}\0{trigger.offset}\0"


def output_ids(application: str, kind: str, origins: Sequence[str], rule: str = "") -> list[str]:
    """For each origin 128 bits of BLAKE2b over application, kind, lead, trigger (topic, partition and offset, or tick)
    and rule, each ended by NUL (which none of them contains), in hex.
    """
    first, last = f"{application}\0{kind}\0", f"{rule}\0"
    return [blake2b(f"{first}{origin}{last}".encode(), digest_size=16).hexdigest() for origin in origins]
