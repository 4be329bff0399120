"""What happens to events on the way: some come twice, some late, and some arrive as bytes that are no event."""

import heapq
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, get_args

import numpy as np

from leadpulse.simulator.record import Record
from schemas.times import DAY, HOUR, MINUTE, SECOND, format_time

Flaw = Literal["truncated", "missing field", "wrong type", "unreadable time", "not UTF-8", "future stamp"]
FLAWS: Final[tuple[Flaw, ...]] = get_args(Flaw)

_REPEATED: Final = (SECOND, HOUR)
_LATE: Final = (MINUTE, 7 * DAY)
_AHEAD: Final = (HOUR, 300 * DAY)
_BLOCK: Final = 4096

_REQUIRED: Final = ("id", "lead", "time", "type")
_WRONG: Final[tuple[dict[str, Any], ...]] = (
    {"id": 7},
    {"lead": None},
    {"time": 1_767_225_600_000},
    {"type": "telepathy"},
    {"lead": ["lead-000001"]},
)


def disturb(
    records: Iterable[Record], seed: int, repeated: float = 0.01, late: float = 0.02, malformed: float = 0.002
) -> Iterator[tuple[Record, Flaw | None]]:
    """The records in the order of their arrival, each with its flaw, if it has one.

    `repeated`, `late` and `malformed` are shares of the records. A repeat is a second copy within the hour; a late
    record arrives up to a week after its event; a malformed one is a spoilt copy that arrives at the time of the event.
    So nothing is lost: without the flawed ones and the repeats the same events remain. A record with a future stamp is
    a valid event, stamped an hour or more ahead of its arrival; the others are no events.
    """
    rng = np.random.default_rng([seed, 2])
    waiting: list[tuple[int, int, Record]] = []
    spoilt = 0
    for number, (record, chances) in enumerate(zip(records, _chances(rng), strict=False)):
        while waiting and waiting[0][0] <= record.time:
            yield heapq.heappop(waiting)[2], None
        arrived = record
        if chances[0] < late:
            arrived = record._replace(time=record.time + _between(*_LATE, chances[1]))
            heapq.heappush(waiting, (arrived.time, 2 * number, arrived))
        else:
            yield record, None
        if chances[2] < repeated:
            again = arrived._replace(time=arrived.time + _between(*_REPEATED, chances[3]))
            heapq.heappush(waiting, (again.time, 2 * number + 1, again))
        if chances[4] < malformed:
            flaw = FLAWS[spoilt % len(FLAWS)]
            yield record._replace(value=_spoil(record, flaw, rng)), flaw
            spoilt += 1
    while waiting:
        yield heapq.heappop(waiting)[2], None


def _chances(rng: np.random.Generator) -> Iterator[list[float]]:
    while True:
        yield from rng.random((_BLOCK, 5)).tolist()


def _between(shortest: int, longest: int, chance: float) -> int:
    """A delay between the two, short ones being as frequent as long ones (uniform in the logarithm)."""
    return round(shortest * math.pow(longest / shortest, chance))


def _spoil(record: Record, flaw: Flaw, rng: np.random.Generator) -> bytes:
    """The value with one thing wrong; never with a newline in it, which would break a JSON Lines file."""
    value = record.value
    if flaw == "truncated":
        return value[: int(rng.integers(1, len(value)))]
    if flaw == "not UTF-8":
        return value.replace(b'"lead":"', b'"lead":"\xff\xfe', 1)
    event: dict[str, Any] = json.loads(value)
    if flaw == "missing field":
        del event[_REQUIRED[int(rng.integers(len(_REQUIRED)))]]
    elif flaw == "wrong type":
        event |= _WRONG[int(rng.integers(len(_WRONG)))]
    elif flaw == "unreadable time":
        event["time"] = event["time"][:10]
    else:
        event["time"] = format_time(record.time + _between(*_AHEAD, float(rng.random())))
    return json.dumps(event, separators=(",", ":")).encode()
