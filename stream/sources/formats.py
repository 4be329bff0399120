"""The decoder of each input format, for stream and training alike."""

from collections.abc import Callable
from typing import Final

from schemas.settings import Format
from stream.core.events import Event
from stream.sources import native, segment

DECODERS: Final[dict[Format, Callable[[bytes], Event]]] = {"native": native.decode, "segment": segment.decode}
"""A decoder raises Unreadable for bytes that are no event of its format."""
