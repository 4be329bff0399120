"""The whole of scoring as one pure step: arrivals and rows in; rows and outputs out."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from schemas.digest import configuration_digest
from schemas.settings import Settings
from schemas.times import EARLIEST
from stream.core.columns import Batch, read_columns
from stream.core.decide import BY_MODEL, NOTHING, Decided, Decider, judge
from stream.core.events import Event
from stream.core.fold import Flags, Folded, Folder
from stream.core.ids import Origin
from stream.core.lead import COUNTED, DUPLICATE, LATE, NO_LANDING
from stream.core.model import Model
from stream.core.outputs import Output
from stream.core.partitioner import partition_of
from stream.core.plan import build_plan
from stream.core.positions import Positions
from stream.core.records import Emission, Recorder, strongest
from stream.core.row import Row, join_row, scored_by, split_row
from stream.core.signals import Reading, Signals

THOUSANDTHS_LIMIT: Final = 32_767


class Arrival(NamedTuple):
    """An event with the record that brought it. place: the record's place in its poll. timestamp: Kafka's, in ms."""

    event: Event
    origin: Origin
    timestamp: int
    place: int


class Processed(NamedTuple):
    """rows: the new row of each lead. outputs: in the order of arrival. late: what came after the horizon of its lead.

    counted, duplicates, empty: how many events of each kind; an empty one matched nothing.
    """

    rows: dict[str, bytes]
    outputs: list[Output]
    late: list[Arrival]
    counted: int
    duplicates: int
    empty: int


class Engine:
    """Scores by one configuration."""

    def __init__(self, settings: Settings) -> None:
        self._signals = Signals(settings.observed)
        self._decisions = settings.decisions
        notable = sum(1 << signal.number for signal in settings.observed.signals if signal.notable)
        self._folder = Folder(build_plan(settings), notable)
        self._decider = Decider()
        self._recorder = Recorder(settings, configuration_digest(settings))

    def compile(self, model: Model) -> None:
        """Has the kernels compiled, which takes a while where no cache has them, by scoring an event of nobody."""
        event = Event("none", "nobody", EARLIEST, "outcome", "none")
        batch = read_columns([event], [Reading(0, [(0, 0)], [], False, NO_LANDING)])
        known = np.zeros(1, np.bool_)
        folded = self._folder.fold(batch.columns, [b""], known)
        by = judge(self._decisions, model.number, model.edges, model.percentiles)
        self._decider.decide(batch.columns, folded, [b""], *_score(folded, known, model), by)
        partition_of(b"nobody", 1)

    def process(
        self, arrivals: Sequence[Arrival], rows: dict[str, bytes], model: Model, positions: Positions
    ) -> Processed:
        """`arrivals`: events in order. `rows`: the stored row of each of their leads, empty for none.
        `positions`: where the worker stands in its input topics.
        """
        read = [self._signals.read(arrival.event) for arrival in arrivals]
        empty = len(read)
        arrivals = [arrival for arrival, reading in zip(arrivals, read, strict=True) if reading.carries]
        batch = read_columns([arrival.event for arrival in arrivals], [each for each in read if each.carries])
        stored = [rows[lead] for lead in batch.leads]
        old = [split_row(row) for row in stored]
        swapped = np.array([scored_by(row) not in (0, model.number) for row in stored], np.bool_)
        folded = self._folder.fold(batch.columns, [row.state for row in old], swapped)
        log_odds, before = _score(folded, swapped, model)
        judged_by = judge(self._decisions, model.number, model.edges, model.percentiles)
        standings = [row.standing for row in old]
        decided = self._decider.decide(batch.columns, folded, standings, log_odds, before, judged_by)
        contributions = [row.contributions for row in old]
        outputs = self._record(batch, arrivals, folded, decided, log_odds, contributions, model, positions)
        verdict = folded.verdict
        return Processed(
            rows={
                lead: join_row(Row(_section(decided, i), contributions[i], _section(folded, i)))
                for i, lead in enumerate(batch.leads)
            },
            outputs=outputs,
            late=[arrivals[i] for i in np.sort(batch.order[verdict == LATE]).tolist()],
            counted=int((verdict == COUNTED).sum()),
            duplicates=int((verdict == DUPLICATE).sum()),
            empty=empty - len(arrivals),
        )

    def _record(
        self,
        batch: Batch,
        arrivals: Sequence[Arrival],
        folded: Folded,
        decided: Decided,
        log_odds: np.ndarray[tuple[int], np.dtype[np.float32]],
        contributions: list[bytes],
        model: Model,
        positions: Positions,
    ) -> list[Output]:
        """The outputs, in the order of arrival; `contributions` becomes what each lead was told last."""
        places = np.flatnonzero(decided.change != NOTHING)
        found, baseline = model.explain(folded.features[places])
        now = np.clip(np.rint(found * 1000), -THOUSANDTHS_LIMIT, THOUSANDTHS_LIMIT).astype(np.int32)
        before = np.zeros_like(now)
        stored = now.astype("<i2")
        for row, event in enumerate(places.tolist()):
            lead = int(batch.columns.lead[event])
            if decided.told_same[event]:
                before[row] = np.frombuffer(contributions[lead], "<i2")
            contributions[lead] = stored[row].tobytes()
        most = self._decisions.drivers
        moved, overall = strongest(now, now - before, most), strongest(now, now, most)
        built: list[tuple[int, list[Output]]] = []
        for row, event in enumerate(places.tolist()):
            arrival = arrivals[batch.order[event]]
            emission = Emission(
                event,
                arrival.event.lead,
                arrival.origin,
                arrival.timestamp,
                float(log_odds[event]),
                moved[row],
                overall[row],
                baseline,
                positions.at(arrival.place, arrival.origin.partition),
                bool(decided.change[event] == BY_MODEL),
            )
            built.append((int(batch.order[event]), self._recorder.build(emission, folded, decided, model)))
        return [output for _, outputs in sorted(built, key=lambda each: each[0]) for output in outputs]


def _score(
    folded: Folded, swapped: Flags, model: Model
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """One call for every counted event, and for every lead that another model scored last."""
    counted = folded.verdict == COUNTED
    scores, _ = model.score(np.concatenate((folded.features[counted], folded.before[swapped])))
    log_odds = np.zeros(len(counted), np.float32)
    before = np.zeros(len(swapped), np.float32)
    log_odds[counted] = scores[: counted.sum()]
    before[swapped] = scores[counted.sum() :]
    return log_odds, before


def _section(found: Folded | Decided, place: int) -> bytes:
    return found.rows[found.row_at[place] : found.row_at[place + 1]].tobytes()
