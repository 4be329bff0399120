"""Lines of an event log as arrays: scanned where they are of the usual shape, decoded one by one where not.

The decoders alone say why a line is no event, so that training and worker refuse the same lines.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from schemas.settings import Format, Settings
from stream.core.events import Event, Unreadable
from stream.core.kinds import KINDS, USED, Kinds, KindTable
from stream.core.lead import Flags, Hashes, Ints
from stream.core.octets import Octets
from stream.core.signals import Reading, Signals
from stream.sources.formats import READERS
from stream.sources.lead_table import LeadNumbers, Spans
from stream.sources.lines import Lines, ScannedLines, scan_lines
from stream.sources.scan import CODES
from training.aim import Aim
from training.blocks import Block
from training.events import CONVERTS, SILENT, Events, runs, starts, taken


@dataclass
class Counts:
    """What became of the lines. `begin`, `end`: times of the earliest and the latest event, of whatever kind."""

    lines: int = 0
    silent: int = 0
    unordered: int = 0
    """Events that stand after a later one."""
    unreadable: Counter[str] = field(default_factory=Counter)
    example: str = ""
    """The first line that is no event, and why."""
    begin: int = 1 << 62
    end: int = -1


class Reader:
    """Reads the blocks of a log, in their order."""

    def __init__(self, format: Format, settings: Settings) -> None:
        self.leads = LeadNumbers()
        self.counts = Counts()
        self.in_order: Ints = np.zeros(0, np.int64)
        """Times of the last block's events that stand after no later one."""
        self._events_of = READERS[format]
        self._code = CODES[format]
        self._limit = settings.limits.event_bytes
        self._signals = Signals(settings.observed)
        self._kinds = Kinds(self._signals)
        self._aim = Aim(settings.target)
        self._aims = np.zeros(KINDS, np.uint8)
        self._learned: set[tuple[str, str, str]] = set()

    def read(self, block: Block) -> Events:
        """The block's events that say something."""
        found = scan_lines(Lines(block.data, block.at, self._code), self._limit, self._kinds.table)
        # What is taken is resolved before anything else is decoded: the table may forget its kinds when it learns.
        scanned = _scanned(found, self._kinds.table, self._aims)
        decoded, blank = self._decode_rest(block, ~found.taken)
        self._count(len(found.taken) - blank, scanned, decoded)
        return _merged(scanned, decoded, self.leads, block.data)

    def _decode_rest(self, block: Block, rest: Flags) -> tuple["_Said", int]:
        """What the scan gave up on, and how many lines are blank."""
        events, readings, marks, places, blank = [], [], [], [], 0
        for i in np.flatnonzero(rest).tolist():
            line = block.line(i)
            if not line:
                blank += 1
                continue
            try:
                if len(line) > self._limit:
                    raise Unreadable("oversize", f"{len(line)} bytes, the limit is {self._limit}")
                found = self._events_of(line)
            except Unreadable as error:
                self.counts.unreadable[error.reason] += 1
                where = f"{block.path}, line {block.number + i}"
                self.counts.example = self.counts.example or f"{where}: {error.reason}: {error}"
                continue
            for event in found:
                self._learn(event)
                events.append(event)
                readings.append(self._signals.read(event))
                marks.append(self._aim.marks(event))
                places.append(i)
        return _decoded(places, events, readings, marks), blank

    def _learn(self, event: Event) -> None:
        """Lets the scan of the next block know the event's kind, and what it is to the target."""
        kind = event.type, event.name, event.path
        if kind in self._learned:
            return
        table, before = self._kinds.table, int(self._kinds.table.sizes[USED])
        self._kinds.learn(event)
        used = int(table.sizes[USED])
        if used < before:  # the table was full, and has forgotten all that it knew
            self._learned.clear()
        self._learned.add(kind)
        if used != before:
            marks = self._aim.kind_marks(event)
            self._aims[used - 1] = marks or 0
            if marks is None:  # its properties decide, which a scan does not read
                table.plain[used - 1] = False

    def _count(self, lines: int, scanned: "_Said", decoded: "_Said") -> None:
        counts = self.counts
        counts.lines += lines
        counts.silent += int((scanned.marks == SILENT).sum() + (decoded.marks == SILENT).sum())
        order = np.argsort(np.concatenate([scanned.place, decoded.place]), kind="stable")
        time = np.concatenate([scanned.time, decoded.time])[order]
        if len(time):
            latest = np.maximum.accumulate(np.concatenate([np.array([counts.end], np.int64), time]))
            late = time < latest[:-1]
            counts.unordered += int(late.sum())
            counts.begin, counts.end = min(counts.begin, int(time.min())), int(latest[-1])
            time = time[~late]
        self.in_order = time


class _Said(NamedTuple):
    """What some lines of a block say, each at its place. The hits of line i are those from hit_at[i] to hit_at[i + 1];
    likewise tells. `names`: where the leads' ids lie.
    """

    place: Ints
    time: Ints
    event: Hashes
    marks: Octets
    landing: Ints
    hit_at: Ints
    hit_signal: Ints
    hit_value: Ints
    tell_at: Ints
    tell_field: Ints
    tell_value: Ints
    names: Spans


def _scanned(found: ScannedLines, kinds: KindTable, aims: Octets) -> _Said:
    place = np.flatnonzero(found.taken)
    kind = found.kind[place]
    at, hit = runs(kinds.hit_at, kind)
    signal = kinds.hit_signal[hit]
    marks = _marks(np.diff(at) > 0, kinds.outcome[kind], aims[kind])
    none = np.zeros(0, np.int64)
    names = Spans(np.zeros(0, np.uint8), found.lead[place], found.lead_end[place], found.anonymous[place])
    return _Said(
        place, found.time[place], found.event[place], marks, kinds.landing[kind],
        at, signal, np.zeros(len(signal), np.int64), np.zeros(len(place) + 1, np.int64), none, none, names,
    )  # fmt: skip


def _decoded(places: list[int], events: Sequence[Event], readings: Sequence[Reading], marks: Sequence[int]) -> _Said:
    hits = [hit for reading in readings for hit in reading.hits]
    tells = [tell for reading in readings for tell in reading.tells]
    said = np.array([bool(reading.hits or reading.tells) for reading in readings], np.bool_)
    outcome = np.array([reading.outcome for reading in readings], np.bool_)
    packed = [event.lead.encode() for event in events]
    name_at = starts(np.array([len(each) for each in packed], np.int64))
    data = np.frombuffer(b"".join(packed), np.uint8)
    return _Said(
        place=np.array(places, np.int64),
        time=np.array([event.time for event in events], np.int64),
        event=np.array([reading.event for reading in readings], np.uint64),
        marks=_marks(said, outcome, np.array(marks, np.uint8)),
        landing=np.array([reading.landing for reading in readings], np.int64),
        hit_at=starts(np.array([len(reading.hits) for reading in readings], np.int64)),
        hit_signal=np.array([signal for signal, _ in hits], np.int64),
        hit_value=np.array([value for _, value in hits], np.int64),
        tell_at=starts(np.array([len(reading.tells) for reading in readings], np.int64)),
        tell_field=np.array([number for number, _ in tells], np.int64),
        tell_value=np.array([value for _, value in tells], np.int64),
        names=Spans(data, name_at[:-1], name_at[1:], np.zeros(len(packed), np.int64)),
    )


def _marks(said: Flags, converts: Flags, aims: Octets) -> Octets:
    """SILENT alone means that the event says nothing at all."""
    marks = aims | np.where(converts, CONVERTS, 0).astype(np.uint8)
    return marks | np.where(said | converts, 0, SILENT).astype(np.uint8)


def _merged(scanned: _Said, decoded: _Said, leads: LeadNumbers, data: Octets) -> Events:
    """Both in the order of the lines, without what says nothing; leads are numbered in that order."""
    order = np.argsort(np.concatenate([scanned.place, decoded.place]), kind="stable")
    marks = np.concatenate([scanned.marks, decoded.marks])
    order = order[marks[order] != SILENT]
    names = Spans(
        np.concatenate([data, decoded.names.data]),
        np.concatenate([scanned.names.start, decoded.names.start + len(data)])[order],
        np.concatenate([scanned.names.end, decoded.names.end + len(data)])[order],
        np.concatenate([scanned.names.anonymous, decoded.names.anonymous])[order],
    )
    both = Events(
        lead=np.zeros(len(marks), np.int32),
        time=np.concatenate([scanned.time, decoded.time]),
        event=np.concatenate([scanned.event, decoded.event]),
        marks=marks,
        landing=np.concatenate([scanned.landing, decoded.landing]).astype(np.int16),
        hits=np.concatenate([np.diff(scanned.hit_at), np.diff(decoded.hit_at)]).astype(np.uint8),
        hit_signal=np.concatenate([scanned.hit_signal, decoded.hit_signal]).astype(np.uint8),
        hit_value=np.concatenate([scanned.hit_value, decoded.hit_value]),
        tells=np.concatenate([np.diff(scanned.tell_at), np.diff(decoded.tell_at)]).astype(np.uint8),
        tell_field=np.concatenate([scanned.tell_field, decoded.tell_field]).astype(np.uint8),
        tell_value=np.concatenate([scanned.tell_value, decoded.tell_value]),
    )
    return taken(both, order)._replace(lead=leads.number(names).astype(np.int32))
