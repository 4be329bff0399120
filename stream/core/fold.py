"""Folding a batch: for each lead, unpack its state, fold its events one by one, take features at each, pack again.

Features hold for the lead's latest event or the last sweep that scored it, whichever is later. The state knows events
only: the clock is the caller's.
"""

from typing import NamedTuple

import numpy as np

from stream.core.columns import Columns
from stream.core.features import Vector, compute, has
from stream.core.kernel import kernel
from stream.core.lead import (
    AS_OF,
    COUNTED,
    LATER,
    NEVER,
    NO_LANDING,
    NOTABLE,
    NOTABLE_KEPT,
    OUTCOME,
    Flags,
    Ints,
    Lead,
    clear,
    new_lead,
)
from stream.core.lead_event import admit, convert, land, note, occur, tell
from stream.core.octets import Octets
from stream.core.pack import pack, packed_limit, unpack
from stream.core.plan import Plan
from stream.core.row import Rows

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class Folded(NamedTuple):
    """E events of L leads with F features.

    verdict: COUNTED, DUPLICATE or LATE. as_of: the instant that the features hold for. converted: whether the outcome
    is known after it. features: E rows; those of events not counted are zero. before: L rows, the features that a lead
    was last scored with, where they were asked for. notable_*: the lead's latest notable occurrences after the event,
    oldest first, `notable` of them. rows: the packed states, lead i in rows[row_at[i]:row_at[i + 1]].
    """

    verdict: Ints
    as_of: Ints
    converted: Flags
    features: Matrix
    before: Matrix
    notable: Ints
    notable_time: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    notable_signal: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    notable_hash: np.ndarray[tuple[int, int], np.dtype[np.uint64]]
    rows: Octets
    row_at: Ints


class Folder:
    """Folds batches by one plan."""

    def __init__(self, plan: Plan, notable: int) -> None:
        """`notable` is the bit set of signals whose occurrences are kept one by one."""
        self._plan = plan
        self._notable = np.uint64(notable)
        self._lead = new_lead()

    def fold(self, columns: Columns, rows: Rows, clock: Ints, want_before: Flags) -> Folded:
        """`rows`: L packed states, empty where nothing is known of the lead. `clock`: the L instants of the sweeps that
        scored them last. `want_before`: L flags, set where the features of the lead as it was are asked for and it was
        known.
        """
        leads, known = len(rows.start), int((rows.end - rows.start).sum())
        size = known + (known >> 2) + 1024 * leads + 64 * (len(columns.time) + len(columns.hit_signal))
        while True:
            folded = _outputs(len(columns.time), leads, len(self._plan.kind), size)
            if _fold(columns, rows, clock, want_before, self._plan, self._notable, self._lead, folded):
                return folded
            size *= 2

    def look(self, rows: Rows, clock: Ints, want_before: Flags, now: int) -> Folded:
        """The L leads as of a later instant, which counts as one event of each; their states stay as they are."""
        leads = len(rows.start)
        looked = _outputs(leads, leads, len(self._plan.kind), 0)
        _look(rows, clock, want_before, now, self._plan, self._lead, looked)
        return looked

    def vector(self, row: bytes, now: int | None = None) -> Vector:
        """Features of one packed state as of its latest event, or of a later instant."""
        unpack(np.frombuffer(row, np.uint8), 0, self._lead)
        out = np.zeros(len(self._plan.kind), np.float32)
        compute(self._lead, int(self._lead.times[AS_OF]) if now is None else now, self._plan, out)
        return out


def _outputs(events: int, leads: int, features: int, size: int) -> Folded:
    return Folded(
        verdict=np.zeros(events, np.int64),
        as_of=np.zeros(events, np.int64),
        converted=np.zeros(events, np.bool_),
        features=np.zeros((events, features), np.float32),
        before=np.zeros((leads, features), np.float32),
        notable=np.zeros(events, np.int64),
        notable_time=np.zeros((events, NOTABLE_KEPT), np.int64),
        notable_signal=np.zeros((events, NOTABLE_KEPT), np.int64),
        notable_hash=np.zeros((events, NOTABLE_KEPT), np.uint64),
        rows=np.empty(size, np.uint8),
        row_at=np.zeros(leads + 1, np.int64),
    )


@kernel
def _fold(
    columns: Columns,
    rows: Rows,
    clock: Ints,
    want_before: Flags,
    plan: Plan,
    notable: np.uint64,
    lead: Lead,
    out: Folded,
) -> bool:
    """Fills `out`; False where its rows are too small, in which case nothing in it counts."""
    event = 0
    at = 0
    for who in range(rows.start.size):
        if rows.start[who] == rows.end[who]:
            clear(lead)
        else:
            unpack(rows.data, rows.start[who], lead)
            if want_before[who]:
                compute(lead, max(lead.times[AS_OF], clock[who]), plan, out.before[who])
        while event < columns.lead.size and columns.lead[event] == who:
            out.verdict[event] = step(columns, event, notable, lead)
            out.as_of[event] = max(lead.times[AS_OF], clock[who])
            if out.verdict[event] == COUNTED:
                compute(lead, out.as_of[event], plan, out.features[event])
                _show(lead, event, out)
            event += 1
        if at + packed_limit(lead) > out.rows.size:
            return False
        if lead.times[AS_OF] != NEVER:
            at = pack(lead, out.rows, at)
        out.row_at[who + 1] = at
    return True


@kernel
def _look(
    rows: Rows,
    clock: Ints,
    want_before: Flags,
    now: int,
    plan: Plan,
    lead: Lead,
    out: Folded,
) -> None:
    for who in range(rows.start.size):
        unpack(rows.data, rows.start[who], lead)
        if want_before[who]:
            compute(lead, max(lead.times[AS_OF], clock[who]), plan, out.before[who])
        compute(lead, now, plan, out.features[who])
        out.verdict[who] = COUNTED
        out.as_of[who] = now
        out.converted[who] = lead.times[OUTCOME] != LATER


@kernel
def step(columns: Columns, event: int, notable: np.uint64, lead: Lead) -> int:
    time = columns.time[event]
    verdict = admit(lead, time, columns.event[event])
    if verdict != COUNTED:
        return verdict
    for hit in range(columns.hit_at[event], columns.hit_at[event + 1]):
        occur(lead, time, columns.hit_signal[hit], columns.hit_value[hit])
        if has(notable, columns.hit_signal[hit]):
            note(lead, time, columns.hit_signal[hit], columns.event[event])
    for told in range(columns.tell_at[event], columns.tell_at[event + 1]):
        tell(lead, time, columns.tell_field[told], columns.tell_value[told])
    if columns.landing[event] != NO_LANDING:
        land(lead, time, columns.landing[event])
    if columns.outcome[event]:
        convert(lead, time)
    return verdict


@kernel
def _show(lead: Lead, event: int, out: Folded) -> None:
    out.converted[event] = lead.times[OUTCOME] != LATER
    out.notable[event] = lead.sizes[NOTABLE]
    for i in range(lead.sizes[NOTABLE]):
        out.notable_time[event, i] = lead.notable_time[i]
        out.notable_signal[event, i] = lead.notable_signal[i]
        out.notable_hash[event, i] = lead.notable_hash[i]
