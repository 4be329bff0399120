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
    parts = (application, kind, lead, origin.topic, str(origin.partition), str(origin.offset), rule)
    return hashlib.blake2b("".join(f"{part}\0" for part in parts).encode(), digest_size=16).hexdigest()
