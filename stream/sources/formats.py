"""How the bytes of each input format are read, for stream and training alike, and what may be around them.

A value that is what its topic's format says is taken as it stands. Only of one that is not the envelope is looked at,
so that an envelope costs nothing where there is none, and changes nothing that the compiled scan takes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from schemas.settings import Format
from stream.core.events import Event, Unreadable
from stream.sources import customerio, hubspot, mailgun, native, segment, sendgrid
from stream.sources.cloudevents import filled, opened
from stream.sources.registry_framing import unframe


def _read_native(value: bytes) -> list[Event]:
    return [native.decode(value)]


READERS: Final[dict[Format, Callable[[bytes], Sequence[Event]]]] = {
    "native": _read_native,
    "segment": segment.read,
    "sendgrid": sendgrid.read,
    "mailgun": mailgun.read,
    "hubspot": hubspot.read,
    "customerio": customerio.read,
}
"""The events of a value, none where what it tells is a machine's doing. Raises Unreadable for what is no event."""


def read_enveloped(format: Format, value: bytes, headers: Callable[[], Mapping[str, bytes]]) -> Sequence[Event]:
    """The events of a record, out of Schema Registry's frame and out of a CloudEvent, where it is in one or both.

    `headers`: gives the record's, with names in small letters; asked only where the value alone is no event.
    Raises Unreadable.
    """
    read = READERS[format]
    try:
        return read(value)
    except Unreadable:
        bare = unframe(value)
        if bare is not None:
            return read_enveloped(format, bare, headers)
        found = opened(value, headers())
        if found is None:
            raise
    data, attributes = found
    return read(filled(data, attributes) if format == "native" else data)
