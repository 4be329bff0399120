"""Names of outputs: the same input gives the same name, however often it is processed."""

import hashlib
from typing import NamedTuple


class Origin(NamedTuple):
    """The input record that an output comes from."""

    topic: str
    partition: int
    offset: int


def output_id(application: str, kind: str, lead: str, origin: Origin, rule: str = "") -> str:
    """128 bits of BLAKE2b over the parts, each ended by NUL (which none of them contains), in hex."""
    topic, partition, offset = origin
    parts = f"{application}\0{kind}\0{lead}\0{topic}\0{partition}\0{offset}\0{rule}\0"
    return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()
