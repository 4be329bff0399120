"""Reading event logs: JSON Lines, gzipped or not, and Parquet, in one pass and bounded memory.

The events are read by the same decoders and the same signals as the worker's. Within a lead, events stand in the order
of their time (those of one time in the order of the files), since the state does not depend on the order of arrival.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from schemas.settings import Format, Settings
from stream.core.columns import Columns
from stream.sources.lead_table import LeadNumbers
from training.blocks import Files, digest_of
from training.lives import LifeBook, Lives, counting_mark
from training.outcomes import Listed, read_outcomes
from training.parts import IN_MEMORY, Parts
from training.reading import Counts, Reader
from training.refusal import TrainingRefused
from training.saying import Say, in_silence
from training.snapshots import Answer, Question

TOLD_EVERY: Final = 0.02


class ByLead(Protocol):
    """A log's events, wherever they are, in parts of which one holds all events of a lead."""

    @property
    def count(self) -> int:
        """How many parts there are, at most."""

    def columns(self) -> Iterator[Columns]:
        """Part by part, each by (lead, time, place in the log)."""

    def whole(self) -> Columns:
        """All events at once, for a log that is known to be small."""

    def answers(self, question: Question, lives: Lives) -> Iterator[Answer]:
        """The snapshots of each part. `lives`: of all leads."""

    def close(self) -> None:
        """Lets go of what the events take up; nothing can be asked of them any more."""


@dataclass(frozen=True)
class EventLog:
    """What was read. `leads[i]` is the id of lead i; times in milliseconds since 1970."""

    leads: Sequence[str]
    lives: Lives
    parts: ByLead
    begin: int
    end: int
    """Times of the earliest and the latest event, of whatever kind."""
    known: int
    """Until when outcomes are known: the end of the log, or of the list of outcomes if that comes first."""
    lines: int
    silent: int
    """Events in which no signal, profile field or outcome is recognised; the worker drops them too."""
    unordered: int
    """Events that stand after a later one; they are put in order."""
    unreadable: dict[str, int]
    """Lines by the reason for which they are no event."""
    files: tuple[tuple[str, str], ...]
    """Name and SHA-256 of each file, the list of outcomes included."""
    listed: Listed | None
    """What the list of outcomes held, where there is one."""

    def by_part(self) -> Iterator[Columns]:
        """The events part by part, each by (lead, time); every lead is in one part."""
        return self.parts.columns()

    @property
    def columns(self) -> Columns:
        """All events at once, by (lead, time), for a log that is known to be small."""
        return self.parts.whole()


class ReadLog(Protocol):
    """What reads a log: one machine (`read_log`), or several."""

    def __call__(
        self, paths: Sequence[Path], format: Format, settings: Settings, outcomes: Path | None, say: Say
    ) -> EventLog:
        """Raises TrainingRefused."""


def read_log(
    paths: Sequence[Path],
    format: Format,
    settings: Settings,
    outcomes: Path | None = None,
    say: Say = in_silence,
    in_memory: int = IN_MEMORY,
) -> EventLog:
    """Reads the files, and a list of outcomes where one is given.

    Raises TrainingRefused where one cannot be read or most of the lines are no events.
    """
    files, reader, book, parts = Files(paths), Reader(format, settings), LifeBook(), Parts(in_memory)
    counting = counting_mark(settings.target.counts is not None, outcomes is not None)
    told = 0.0
    for block in files.blocks():
        events = reader.read(block)
        book.add(events, len(reader.leads), counting)
        parts.add(events)
        if block.share >= told + TOLD_EVERY:
            told = block.share
            say(f"reading the event log: {reader.counts.lines:,} lines, {len(reader.leads):,} leads", told)
    refuse_unless_mostly_read(reader.counts, format)
    return entered(reader.leads, book, parts, reader.counts, files.digests, settings, outcomes)


def entered(
    leads: LeadNumbers,
    book: LifeBook,
    parts: ByLead,
    counts: Counts,
    digests: list[tuple[str, str]],
    settings: Settings,
    outcomes: Path | None,
) -> EventLog:
    """The log whose files have been read, with the list of outcomes where one is given."""
    known, listed = counts.end, None
    if outcomes is not None:
        first = book.lives(len(leads)).first
        listed, latest = read_outcomes(outcomes, settings.target, leads, first, book)
        known = min(known, latest)
        digests = [*digests, digest_of(outcomes)]
    return EventLog(
        leads=leads.names(),
        lives=book.lives(len(leads)),
        parts=parts,
        begin=counts.begin,
        end=counts.end,
        known=known,
        lines=counts.lines,
        silent=counts.silent,
        unordered=counts.unordered,
        unreadable=dict(sorted(counts.unreadable.items())),
        files=tuple(digests),
        listed=listed,
    )


def refuse_unless_mostly_read(counts: Counts, format: Format) -> None:
    """Raises TrainingRefused where most of the lines are no events, or there are none."""
    unreadable = sum(counts.unreadable.values())
    if counts.lines == 0:
        raise TrainingRefused("the event log is empty: give files with one JSON event a line, or Parquet")
    if 2 * unreadable > counts.lines:
        raise TrainingRefused(
            f"{unreadable} of {counts.lines} lines are no {format} events, the first being {counts.example}; "
            "check --format (native or segment)"
        )
