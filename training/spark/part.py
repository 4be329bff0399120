"""One part of the leads, put together again from the pieces of all files, in whatever order they come."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from stream.core.lead import Ints
from stream.core.octets import Octets
from stream.sources.lead_table import LeadNumbers, Spans
from training.events import Events, columns, joined, no_events
from training.lives import LifeBook, Lives
from training.snapshots import Answer, Question, answer
from training.spark.pieces import Found, InOrder, Piece

FILE: Final = 1 << 32
"""A lead met as the m-th of file f has the place f * FILE + m among all leads."""


class Part(NamedTuple):
    """Events by their place in the log, of L leads numbered in the order in which the log has them.

    met: each lead's place among all leads, see FILE.
    """

    events: Events
    leads: LeadNumbers
    met: Ints


class PartLives(NamedTuple):
    """What the log says of the leads of one part. number: which part. text, text_at: the ids, as in `LeadTable`.
    unordered: events of some files that stand after a later one of an earlier file, and after none of their own.
    """

    number: int
    met: Ints
    text: Octets
    text_at: Ints
    lives: Lives
    unordered: int

    @property
    def names(self) -> Spans:
        """The ids of the part's leads."""
        return Spans(self.text, self.text_at[:-1], self.text_at[1:], np.zeros(len(self.met), np.int64))


def gather(found: Iterable[Found]) -> Part:
    """The part that these pieces are of."""
    pieces = sorted((each for each in found if isinstance(each, Piece)), key=lambda each: (each.file, each.number))
    leads, events, met = LeadNumbers(), [no_events()], [np.zeros(0, np.int64)]
    for piece in pieces:
        known = len(leads)
        number = leads.number(piece.names)
        events.append(piece.events._replace(lead=number[piece.events.lead].astype(np.int32)))
        met.append(piece.file * FILE + piece.met[number >= known])
    return Part(joined(events), leads, np.concatenate(met))


def lives_of(number: int, found: Iterable[Found], counting: int, latest: Ints) -> PartLives:
    """The lives of part `number`. `counting`: see `LifeBook.add`. `latest`: by file, the latest time before it."""
    here = list(found)
    part, book = gather(here), LifeBook()
    book.add(part.events, len(part.leads), counting)
    unordered = sum(int((each.time < latest[each.file]).sum()) for each in here if isinstance(each, InOrder))
    table, size = part.leads.table, len(part.leads)
    text_at = table.text_at[: size + 1].copy()
    text = table.text[: text_at[-1]].copy()
    return PartLives(number, part.met, text, text_at, book.lives(size), unordered)


def numbered(found: Iterable[Found], numbers: Ints) -> Events:
    """The part's events. `numbers`: those of its leads in the whole log."""
    events = gather(found).events
    return events._replace(lead=numbers[events.lead].astype(np.int32))


def answer_part(found: Iterable[Found], question: Question, lives: Lives, numbers: Ints) -> Answer:
    """The part's snapshots. `lives`, `numbers`: of its leads, the numbers being those in the whole log."""
    snapshots, left = answer(question, lives, columns(gather(found).events))
    return snapshots.numbered(numbers), left
