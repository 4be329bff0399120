"""What the tests of all sources ask: why a value is no event."""

import json
from typing import Any

import pytest

from schemas.settings import Format
from stream.core.events import Event, Unreadable
from stream.sources.formats import READERS


def events(format: Format, content: Any) -> list[Event]:
    """What a record with this JSON brings."""
    return list(READERS[format](json.dumps(content).encode()))


def refusal(format: Format, content: Any) -> tuple[str, str]:
    """Why it brings nothing: the reason and the text."""
    with pytest.raises(Unreadable) as caught:
        events(format, content)
    return caught.value.reason, str(caught.value)
