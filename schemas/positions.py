"""Where topics had been read to when an event log was written from them: the file beside the log."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.records import Digest
from schemas.strict import Reader


class Span(Reader):
    """Offsets of one partition: the first one that was there, and the one after the last one read."""

    begin: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]


class Positions(Reader):
    """What `leadpulse history` read. `leadpulse train --positions` puts it into the model's manifest."""

    format: Literal[1] = 1
    cluster: str
    """The cluster's id, or nothing where the brokers have none."""
    topics: dict[str, dict[int, Span]]
    """By topic and partition."""
    records: int
    events: int
    refused: dict[str, int] = {}
    """Records that are no events, by the reasons of dead letters."""
    sha256: Digest
    """Of the log that was written."""
