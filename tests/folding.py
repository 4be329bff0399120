"""Raw events through the product's own fold, as a worker takes them: batch by batch, with packed rows between."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from schemas.settings import Settings
from stream.core.columns import Columns, Said, arrange
from stream.core.events import Event
from stream.core.features import Vector
from stream.core.fold import Folder
from stream.core.kinds import NO_KINDS
from stream.core.lead import COUNTED, DUPLICATE, LATE, Ints
from stream.core.plan import build_plan
from stream.core.row import rows_of
from stream.core.signals import Reading, Signals
from tests.oracle.lead import Verdict
from tests.oracle.matching import Event as Raw

VERDICTS: Final[dict[int, Verdict]] = {COUNTED: "counted", DUPLICATE: "duplicate", LATE: "late"}


class Known(NamedTuple):
    """What is known of an event's lead right after it. Features are bytes: equal means equal to the last bit."""

    verdict: Verdict
    as_of: int
    converted: bool
    features: bytes
    notable: list[tuple[int, int]]


NOTHING: Final = Known("nothing", 0, False, b"", [])
"""What becomes of an event that says nothing."""


class Rows:
    """The packed rows of all leads, and the fold that changes them."""

    def __init__(self, settings: Settings) -> None:
        self.signals = Signals(settings.observed)
        self.folder = Folder(
            build_plan(settings), sum(1 << signal.number for signal in settings.observed.signals if signal.notable)
        )
        self.packed: dict[str, bytes] = {}
        self.before: dict[str, bytes] = {}
        """Features of the leads in the latest batch as they were before it; zero for a lead then unknown."""

    def fold(self, batch: Sequence[Raw]) -> list[Known]:
        """Folds one batch of raw events; what is known after each, in the batch's order."""
        events = [Event(**raw) for raw in batch]
        read = [self.signals.read(event) for event in events]
        kept = [i for i, reading in enumerate(read) if reading.carries]
        columns, order, leads = _columns([events[i] for i in kept], [read[i] for i in kept])
        packed = rows_of([self.packed.get(lead, b"") for lead in leads])
        folded = self.folder.fold(columns, packed, np.zeros(len(leads), np.int64), np.ones(len(leads), np.bool_))
        for who, lead in enumerate(leads):
            self.packed[lead] = folded.rows[folded.row_at[who] : folded.row_at[who + 1]].tobytes()
        self.before = {lead: folded.before[who].tobytes() for who, lead in enumerate(leads)}
        known = [NOTHING] * len(events)
        for i, place in enumerate(order.tolist()):
            size = int(folded.notable[i])
            known[kept[place]] = Known(
                verdict=VERDICTS[int(folded.verdict[i])],
                as_of=int(folded.as_of[i]),
                converted=bool(folded.converted[i]),
                features=folded.features[i].tobytes(),
                notable=[
                    (int(time), int(signal))
                    for time, signal in zip(folded.notable_time[i, :size], folded.notable_signal[i, :size], strict=True)
                ],
            )
        return known

    def vector(self, lead: str, now: int | None = None) -> Vector:
        """The lead's features as of its latest event, or of a later instant."""
        return self.folder.vector(self.packed[lead], now)


def fold_all(settings: Settings, batches: Sequence[Sequence[Raw]]) -> dict[str, bytes]:
    """The packed rows after all batches."""
    rows = Rows(settings)
    for batch in batches:
        rows.fold(batch)
    return rows.packed


def bits(vector: Sequence[np.float32]) -> bytes:
    """A vector of the oracle in the form in which `Known` has features."""
    return np.array(vector, np.float32).tobytes()


def _columns(events: Sequence[Event], read: Sequence[Reading]) -> tuple[Columns, Ints, list[str]]:
    """Events of which each says something, as columns; each column's place in `events`; and the leads."""
    index: dict[str, int] = {}
    said = Said(
        lead=np.fromiter((index.setdefault(each.lead, len(index)) for each in events), np.int64, len(events)),
        time=np.fromiter((each.time for each in events), np.int64, len(events)),
        event=np.fromiter((each.event for each in read), np.uint64, len(events)),
        kind=-1 - np.arange(len(events), dtype=np.int64),
    )
    return *arrange(said, len(index), read, NO_KINDS), list(index)
