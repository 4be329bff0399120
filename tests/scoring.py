"""Events and sweeps through the product's own engine, with the rows of the leads as plain bytes between."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from schemas.settings import Settings
from stream.core.arrivals import read_arrivals
from stream.core.engine import Engine
from stream.core.events import Event
from stream.core.ids import Origin
from stream.core.lead import Ints
from stream.core.model import Model
from stream.core.octets import Octets
from stream.core.outputs import Output
from stream.core.positions import Positions
from stream.core.row import rows_of, split_rows
from stream.core.signals import Signals


class Arrival(NamedTuple):
    """An event with the record that brought it, and Kafka's time of that."""

    event: Event
    origin: Origin
    timestamp: int


class Processed(NamedTuple):
    """What a batch of events gave."""

    rows: dict[str, bytes]
    outputs: list[Output]


class Swept(NamedTuple):
    """What a sweep gave; the row of a lead that expired is None."""

    rows: dict[str, bytes | None]
    outputs: list[Output]
    scored: int
    expired: int


class Sections(NamedTuple):
    """A row, taken apart."""

    standing: bytes
    contributions: bytes
    state: bytes
    scored_by: int
    clock: int
    latest: int


class Scoring:
    """The engine of these settings."""

    def __init__(self, settings: Settings) -> None:
        self._engine = Engine(settings)
        self._signals = Signals(settings.observed)

    def process(
        self, arrivals: Sequence[Arrival], rows: Mapping[str, bytes], model: Model, before: dict[int, dict[str, int]]
    ) -> Processed:
        """One batch of events on the leads' rows; a lead without one is new. `before`: next offsets by partition."""
        events, origins, timestamps = zip(*arrivals, strict=True)
        read = [self._signals.read(event) for event in events]
        arrived = read_arrivals(events, read, origins, timestamps)
        topics = list(arrived.topics)
        positions = Positions(
            before,
            topics,
            np.array([topics.index(each.topic) for each in origins], np.int64),
            np.array([each.partition for each in origins], np.int64),
            np.array([each.offset for each in origins], np.int64),
        )
        leads = list(dict.fromkeys(key.decode() for key in arrived.key))
        lead = np.array([leads.index(key.decode()) for key in arrived.key], np.int64)
        stored = rows_of([rows.get(name, b"") for name in leads])
        done = self._engine.process(arrived, lead, stored, model, positions)
        return Processed(dict(zip(leads, _parts(done.rows, done.row_at), strict=True)), done.outputs)

    def sweep(self, rows: Mapping[str, bytes], tick: int, model: Model, positions: dict[str, int]) -> Swept:
        """A sweep over these leads."""
        leads = list(rows)
        swept = self._engine.sweep(leads, rows_of(list(rows.values())), tick, model, positions)
        changed = zip(swept.leads.tolist(), _parts(swept.rows, swept.row_at), strict=True)
        return Swept({leads[i]: row or None for i, row in changed}, swept.outputs, swept.scored, swept.expired)


def sections(row: bytes) -> Sections:
    """The sections of a stored row, and what lies at its fixed places."""
    found = split_rows(rows_of([row]))
    at = [int(place[0]) for place in (found.standing, found.contributions, found.state, found.end)]
    standing, contributions, state = (row[start:end] for start, end in pairwise(at))
    return Sections(standing, contributions, state, int(found.scored_by[0]), int(found.clock[0]), int(found.latest[0]))


def _parts(rows: Octets, row_at: Ints) -> list[bytes]:
    return [rows[start:end].tobytes() for start, end in pairwise(row_at.tolist())]
