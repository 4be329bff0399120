"""Names of outputs: the same trigger gives the same name, however often it is processed."""

import hashlib
from typing import NamedTuple


class Origin(NamedTuple):
    """The input record that an output comes from."""

    topic: str
    partition: int
    offset: int


class Tick(NamedTuple):
    """The instant of a sweep, in milliseconds since 1970, that an output comes from."""

    instant: int


def output_id(application: str, kind: str, lead: str, trigger: Origin | Tick, rule: str = "") -> str:
    """128 bits of BLAKE2b over the parts, each ended by NUL (which none of them contains), in hex."""
    if isinstance(trigger, Tick):
        by = f"tick:{trigger.instant}"
    else:
        topic, partition, offset = trigger
        by = f"{topic}\0{partition}\0{offset}"
    parts = f"{application}\0{kind}\0{lead}\0{by}\0{rule}\0"
    return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()
