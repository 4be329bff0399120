"""What the simulator delivers."""

from typing import NamedTuple

from schemas.events import Channel


class Record(NamedTuple):
    """One event as a broker receives it."""

    channel: Channel
    """The input topic, without its prefix. Profiles and outcomes travel by ``crm``."""
    key: bytes
    """The lead id in UTF-8."""
    value: bytes
    """The native event as JSON, without a newline."""
    time: int
    """Arrival, in milliseconds since 1970: the event's own time, unless it was disturbed."""
