"""What one task makes of one file: its events in pieces by part of the leads, and what it counted.

A piece says where in the log it stands, and names its leads in full: a lead's number is known only once all files have
been read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from schemas.settings import Format, Settings
from stream.core.lead import Ints
from stream.core.octets import Octets
from stream.sources.lead_table import LeadTable, Spans
from training.blocks import Files
from training.events import Events, joined, runs, taken
from training.reading import Counts, Reader
from training.refusal import TrainingRefused

EVENTS: Final = 200_000
"""Events of a file that are held before they go out in pieces."""


class Piece(NamedTuple):
    """Events of file number `file`, of leads of one part. events.lead: which of the piece's K leads.

    number: the piece's place in its file. met: when each of the leads was first met in the file, counted in leads.
    text, text_at: their ids, as in `LeadTable`.
    """

    file: int
    number: int
    events: Events
    met: Ints
    text: Octets
    text_at: Ints

    @property
    def names(self) -> Spans:
        """The ids of the piece's leads."""
        return Spans(self.text, self.text_at[:-1], self.text_at[1:], np.zeros(len(self.met), np.int64))


class InOrder(NamedTuple):
    """Times of a file's events that stand after no later one of the same file; the files before decide which of them
    stand after a later one of the log.
    """

    file: int
    time: Ints


class Summary(NamedTuple):
    """What a file held as a whole. files: its name and digest. refused: why it cannot be read, or nothing."""

    file: int
    counts: Counts
    files: list[tuple[str, str]]
    refused: str


Found = Piece | InOrder | Summary


@dataclass(frozen=True)
class Task:
    """One file to be read, for so many parts."""

    file: int
    path: Path
    format: Format
    settings: Settings
    parts: int


def read_file(task: Task) -> Iterator[tuple[int, Found]]:
    """Everything found, each with the part that it goes to; summaries go to one of their own after the others."""
    files, reader = Files([task.path]), Reader(task.format, task.settings)
    held: list[Events] = []
    size, number, refused = 0, 0, ""
    try:
        for block in files.blocks():
            held.append(reader.read(block))
            size += len(held[-1].time)
            yield task.file % task.parts, InOrder(task.file, reader.in_order)
            if size >= EVENTS:
                yield from _pieces(task, number, joined(held), reader.leads.table)
                held, size, number = [], 0, number + 1
    except TrainingRefused as error:
        refused = str(error)
    if held:
        yield from _pieces(task, number, joined(held), reader.leads.table)
    yield task.parts, Summary(task.file, reader.counts, files.digests, refused)


def _pieces(task: Task, number: int, events: Events, table: LeadTable) -> Iterator[tuple[int, Piece]]:
    """All events of a lead, in whatever file, go to the part that its id's hash names."""
    part = (table.hashes[events.lead] >> np.uint64(8)) % np.uint64(task.parts)
    order = np.argsort(part, kind="stable")
    ends = np.searchsorted(part[order], np.arange(task.parts + 1, dtype=np.uint64))
    for each in range(task.parts):
        places = order[ends[each] : ends[each + 1]]
        if len(places):
            chosen = taken(events, places)
            met, lead = np.unique(chosen.lead.astype(np.int64), return_inverse=True)
            text_at, letters = runs(table.text_at, met)
            chosen = chosen._replace(lead=lead.astype(np.int32))
            yield each, Piece(task.file, number, chosen, met, table.text[letters], text_at)
