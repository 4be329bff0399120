"""What a lead did lately, as an alert tells it: the latest first, and only what is observed today."""

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from schemas.load import default_settings
from schemas.settings import Settings
from schemas.signals import MAX_SIGNALS
from schemas.times import format_time
from stream.core.lead import NOTABLE_KEPT
from stream.core.occurrences import Occurrences

SETTINGS = Settings.model_validate(default_settings())
NAMED = {signal.number: signal for signal in SETTINGS.observed.signals}
GONE = next(number for number in range(MAX_SIGNALS - 1, -1, -1) if number not in NAMED)
FIRST, SECOND = list(NAMED)[:2]
BEGIN = 1_772_357_400_000

Kept = list[tuple[int, int, int]]
"""Signal, time and hash of each, the oldest first, as a lead's row has them."""


def told(kept: Kept) -> list[dict[str, str]]:
    return [
        {
            "signal": NAMED[signal].name,
            "label": NAMED[signal].label,
            "time": format_time(time),
            "event": f"{name:016x}",
        }
        for signal, time, name in reversed(kept)
        if signal in NAMED
    ]


def texts(events: list[Kept]) -> list[Any]:
    columns = np.zeros((3, len(events), NOTABLE_KEPT), np.uint64)
    for event, kept in enumerate(events):
        for place, occurrence in enumerate(kept):
            columns[:, event, place] = occurrence
    folded = SimpleNamespace(
        notable=np.array([*map(len, events)]),
        notable_signal=columns[0].astype(np.int64),
        notable_time=columns[1].astype(np.int64),
        notable_hash=columns[2],
    )
    found = Occurrences(SETTINGS).texts(cast(Any, folded), np.arange(len(events)))
    return [json.loads(b"[%b]" % text) for text in found.each()]


FULL: Kept = [(FIRST if i % 2 else SECOND, BEGIN + i, 2**64 - 1 - i) for i in range(NOTABLE_KEPT)]


@pytest.mark.parametrize(
    "events",
    [
        [[]],
        [[], []],
        [[(FIRST, BEGIN, 7)]],
        [FULL, [], [(SECOND, BEGIN, 0), (FIRST, BEGIN + 1, 1)]],
        [[(GONE, BEGIN, 1)], [(FIRST, BEGIN, 2), (GONE, BEGIN + 1, 3), (SECOND, BEGIN + 2, 4), (GONE, BEGIN + 3, 5)]],
    ],
    ids=["nothing", "nothing twice", "one", "as many as fit", "a signal that is gone"],
)
def test_the_latest_come_first_and_a_signal_that_is_gone_is_left_out(events: list[Kept]) -> None:
    assert texts(events) == [told(kept) for kept in events]
