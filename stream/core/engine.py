"""The whole of scoring as pure steps: arrivals and rows in, or an instant and rows; rows and outputs out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from schemas.digest import configuration_digest
from schemas.settings import Settings
from schemas.times import DAY, EARLIEST
from stream.core.arrivals import Arrivals, read_arrivals
from stream.core.columns import Said, arrange
from stream.core.decide import Decided, Decider, judge
from stream.core.events import Event
from stream.core.fold import Folded, Folder
from stream.core.ids import Origin, Tick
from stream.core.lead import COUNTED, DUPLICATE, LATE, NO_LANDING, Flags, Ints
from stream.core.model import Model
from stream.core.octets import Octets
from stream.core.outputs import Output, tombstone
from stream.core.partitioner import partition_of
from stream.core.plan import build_plan
from stream.core.positions import Positions, at_one_place
from stream.core.reasons import explain
from stream.core.records import Recorder, Updates
from stream.core.row import Rows, join_rows, rows_of, split_rows
from stream.core.signals import Reading
from stream.core.triggers import ticked, triggered_by

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]


class Processed(NamedTuple):
    """rows: the new row of each lead, lead i from row_at[i] to row_at[i + 1]. outputs: in the order of arrival.
    late: places, among the arrivals, of what came after the horizon of its lead. counted, duplicates: how many events.
    log_odds, percentile: of each counted event.
    """

    rows: Octets
    row_at: Ints
    outputs: list[Output]
    late: Ints
    counted: int
    duplicates: int
    log_odds: Scores
    percentile: Ints


class Swept(NamedTuple):
    """leads: places, among those given, of the leads whose row is new. rows: as in `Processed`, of these leads; empty
    for one that expired. outputs: lead by lead, in their order. scored, expired: how many leads. log_odds, percentile:
    of each that was scored.
    """

    leads: Ints
    rows: Octets
    row_at: Ints
    outputs: list[Output]
    scored: int
    expired: int
    log_odds: Scores
    percentile: Ints


class Engine:
    """Scores by one configuration."""

    def __init__(self, settings: Settings, after: Callable[[str], object] = len) -> None:
        """`after` is called at the end of each stage with its name, so that the caller may measure them."""
        self._after = after
        self._application = settings.application
        self._decisions = settings.decisions
        self._expire = settings.decay.expire
        notable = sum(1 << signal.number for signal in settings.observed.signals if signal.notable)
        self._folder = Folder(build_plan(settings), notable)
        self._decider = Decider()
        self._recorder = Recorder(settings, configuration_digest(settings))

    def compile(self, model: Model) -> None:
        """Has the kernels compiled, which takes a while where no cache has them, by scoring an event of nobody."""
        event = Event("none", "nobody", EARLIEST, "outcome", "none")
        origin = Origin("none", 0, 0)
        arrivals = read_arrivals([event], [Reading(0, [(0, 0)], [], False, NO_LANDING)], [origin], [EARLIEST])
        none = np.zeros(1, np.int64)
        done = self.process(arrivals, none, rows_of([b""]), model, Positions({}, [origin.topic], none, none, none))
        rows = Rows(done.rows, done.row_at[:-1], done.row_at[1:])
        self.sweep(["nobody"], rows, EARLIEST + DAY, model, {})
        partition_of(b"nobody", 1)

    def process(self, arrivals: Arrivals, lead: Ints, rows: Rows, model: Model, positions: Positions) -> Processed:
        """`lead`: index of each arrival's lead. `rows`: the stored row of each lead, empty for none.
        `positions`: where the worker stands in its input topics.
        """
        said = Said(lead, arrivals.time, arrivals.event, arrivals.kind)
        columns, order = arrange(said, len(rows.start), arrivals.readings, arrivals.kinds)
        old = split_rows(rows)
        swapped = (old.scored_by != 0) & (old.scored_by != model.number)
        folded = self._folder.fold(columns, old.states, old.clock, swapped)
        self._after("fold")
        log_odds, before = _score(folded, swapped, model)
        self._after("model")
        judged_by = judge(self._decisions, model.number, model.edges, model.percentiles)
        decided = self._decider.decide(columns.lead, folded, old.standings, log_odds, before, judged_by)
        self._after("decide")
        reasons = explain(columns.lead, folded, decided, old, model, self._decisions.drivers)
        self._after("explain")
        arrived = order[reasons.events]
        sequence = np.argsort(arrived)
        places = arrivals.place[arrived]
        updates = Updates(
            keys=[arrivals.key[i] for i in arrived.tolist()],
            triggers=triggered_by(arrivals, arrived),
            timestamps=arrivals.timestamp[arrived],
            positions=positions.texts(places, arrivals.partition[arrived]),
            carried=[*map(arrivals.carried, places.tolist())],
        )
        outputs = self._recorder.record(updates, reasons, folded, decided, log_odds, model, sequence.tolist())
        self._after("record")
        new, new_at = join_rows(_sections(decided), old, reasons.told, reasons.stored, _sections(folded))
        counted = folded.verdict == COUNTED
        return Processed(
            rows=new,
            row_at=new_at,
            outputs=outputs,
            late=np.sort(order[folded.verdict == LATE]),
            counted=int(counted.sum()),
            duplicates=int((folded.verdict == DUPLICATE).sum()),
            log_odds=log_odds[counted],
            percentile=decided.percentile[counted],
        )

    def sweep(self, leads: Sequence[str], rows: Rows, tick: int, model: Model, positions: dict[str, int]) -> Swept:
        """Scores leads as of an instant, those with nothing at or after it; the long idle expire instead.

        `rows`: the stored row of each lead. `positions`: where their partition stands in its input topics.
        """
        every = split_rows(rows)
        idle = np.maximum(every.latest, every.clock) < tick
        expired = np.flatnonzero(idle & (every.latest < tick - self._expire))
        due = np.flatnonzero(idle & (every.latest >= tick - self._expire))
        old = split_rows(Rows(rows.data, rows.start[due], rows.end[due]))
        swapped = old.scored_by != model.number
        folded = self._folder.look(old.states, old.clock, swapped, tick)
        log_odds, before = _score(folded, swapped, model)
        judged_by = judge(self._decisions, model.number, model.edges, model.percentiles)
        places = np.arange(len(due))
        decided = self._decider.decide(places, folded, old.standings, log_odds, before, judged_by, sweep=True)
        reasons = explain(places, folded, decided, old, model, self._decisions.drivers)
        size = len(reasons.events)
        keys = [leads[i].encode() for i in due[reasons.events].tolist()]
        updates = Updates(
            keys=keys,
            triggers=ticked(keys, Tick(tick)),
            timestamps=np.full(size, tick),
            positions=at_one_place(positions, size),
            carried=[[]] * size,
        )
        outputs = [tombstone(self._application, leads[i], Tick(tick)) for i in expired.tolist()]
        outputs += self._recorder.record(updates, reasons, folded, decided, log_odds, model, range(size))
        new, new_at = join_rows(_sections(decided), old, reasons.told, reasons.stored, old.states)
        gone = np.full(len(expired), new_at[-1])
        return Swept(
            leads=np.concatenate((due, expired)),
            rows=new,
            row_at=np.concatenate((new_at, gone)),
            outputs=outputs,
            scored=len(due),
            expired=len(expired),
            log_odds=log_odds,
            percentile=decided.percentile,
        )


def _score(folded: Folded, swapped: Flags, model: Model) -> tuple[Scores, Scores]:
    """One call for every counted event, and for every lead that another model scored last."""
    counted = folded.verdict == COUNTED
    if counted.all() and not swapped.any():
        return model.score(folded.features)[0], np.zeros(len(swapped), np.float32)
    scores, _ = model.score(np.concatenate((folded.features[counted], folded.before[swapped])))
    log_odds = np.zeros(len(counted), np.float32)
    before = np.zeros(len(swapped), np.float32)
    log_odds[counted] = scores[: counted.sum()]
    before[swapped] = scores[counted.sum() :]
    return log_odds, before


def _sections(found: Folded | Decided) -> Rows:
    return Rows(found.rows, found.row_at[:-1], found.row_at[1:])
