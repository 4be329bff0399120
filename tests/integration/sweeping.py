"""Leads that fall silent: traffic within one tick, the events that bring the next, and what the oracle makes of it."""

from collections.abc import Sequence
from typing import Any, Final

from schemas.times import HOUR
from stream.core.partitioner import partition_of
from tests.integration.deployment import PARTITIONS, Deployment
from tests.integration.expectation import Expected
from tests.integration.topics import partition_rows, read_all
from tests.integration.traffic import BEGIN, Arrival
from tests.oracle.decisions import Scorer

EVERY: Final = 6 * HOUR

START: Final = BEGIN - 730 * 24 * HOUR
"""A whole multiple of EVERY, in the past wherever the test runs: no sweep is ahead of the clock."""


def within_a_tick(arrivals: Sequence[Arrival], start: int) -> list[Arrival]:
    """The traffic of many days pressed into the first five hours after a tick."""
    found = []
    for each in arrivals:
        time = start + (each.event["time"] - BEGIN) % (5 * HOUR)
        found.append(Arrival(dict(each.event) | {"time": time}, time))
    return sorted(found, key=lambda each: each.timestamp)


def marks(time: int, partitions: Sequence[int] = range(PARTITIONS)) -> list[Arrival]:
    """One event in each partition, of a lead that does nothing else, which brings the partition's time to this."""
    return [Arrival(view(mark_of(number), f"mark {number} {time}", time), time) for number in partitions]


def view(lead: str, identifier: str, time: int) -> dict[str, Any]:
    return {"id": identifier, "lead": lead, "time": time, "type": "web", "name": "page_view", "path": "/pricing",
            "properties": {}}  # fmt: skip


def mark_of(partition: int) -> str:
    """A lead that belongs in this partition."""
    return next(
        name for name in map("mark-{}".format, range(1000)) if partition_of(name.encode(), PARTITIONS) == partition
    )


def sweep(expected: Expected, tick: int, model: Scorer) -> set[str]:
    """The clock comes to `tick` for all leads; returns those that expire."""
    gone = set()
    for lead, judged in list(expected.leads.items()):
        if not judged.lead.counted or judged.as_of >= tick:
            continue
        if judged.expires(tick):
            gone.add(lead)
            del expected.leads[lead]
            continue
        emission = judged.sweep(tick, model)
        if emission is not None:
            expected.emissions.setdefault(lead, []).append(emission)
    return gone


def swept_to(deployment: Deployment) -> dict[int, int]:
    """The tick that each partition was swept as of last, where no sweep is under way; by the changelog."""
    rows = partition_rows(read_all(deployment.broker, deployment.names.changelog))
    return {number: row.clock.tick for number, row in rows.items() if row.clock.cursor is None}


def under_way(deployment: Deployment) -> list[int]:
    """The partitions that a committed part of a sweep ends in the midst of."""
    rows = partition_rows(read_all(deployment.broker, deployment.names.changelog))
    return [number for number, row in rows.items() if row.clock.cursor]
