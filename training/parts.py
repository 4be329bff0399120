"""A log's events by lead: in memory while they are few, in files by part of the leads when they are many.

All events of a lead are in one part, so that each part can be put in order and replayed by itself: a log larger than
memory is read once, and its events are in memory one part at a time.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from stream.core.columns import Columns
from training.events import Events, columns, joined, no_events, taken
from training.lives import Lives
from training.refusal import TrainingRefused
from training.snapshots import Answer, Question, answer

IN_MEMORY: Final = 2_000_000
"""Events that are held before they are written to files: some 100 MB."""
PARTS: Final = 64


class Parts:
    """Events on their way to columns. With nothing added there is one part, which is empty."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._limit = in_memory
        self._held: list[Events] = []
        self._size = 0
        self._folder: Path | None = None

    @property
    def spilled(self) -> bool:
        """Whether the events are in files."""
        return self._folder is not None

    @property
    def count(self) -> int:
        """How many parts there are, at most."""
        return PARTS if self.spilled else 1

    def add(self, events: Events) -> None:
        """Takes events that stand later in the log than those before. Raises TrainingRefused on a full disk."""
        self._held.append(events)
        self._size += len(events.time)
        if self._size > self._limit:
            self._spill()

    def columns(self) -> Iterator[Columns]:
        """Part by part, each by (lead, time, place in the log); every lead is in one of them."""
        if self._folder is None:
            yield columns(self._all())
            return
        self._spill()
        for part in range(PARTS):
            if found := _read(self._path(part)):
                yield columns(joined(found))

    def answers(self, question: Question, lives: Lives) -> Iterator[Answer]:
        """The snapshots of each part. `lives`: of all leads."""
        for found in self.columns():
            yield answer(question, lives, found)

    def close(self) -> None:
        """Removes the files; without this they go when nothing refers to the log any more."""
        if self._folder is not None:
            self._removed()

    def whole(self) -> Columns:
        """All events at once, for a log that is known to be small."""
        found = [each for part in range(PARTS) for each in _read(self._path(part))] if self._folder is not None else []
        return columns(joined([*found, self._all()]))

    def _all(self) -> Events:
        """What is held, as one."""
        self._held = [joined([no_events(), *self._held])]
        return self._held[0]

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="leadpulse-"))
            self._removed = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        events = self._all()
        self._held, self._size = [], 0
        # A lead's number says nothing about it, so that the parts come out even.
        part = events.lead % PARTS
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(PARTS + 1))
        try:
            for each in range(PARTS):
                places = order[ends[each] : ends[each + 1]]
                if len(places):
                    _write(self._path(each), taken(events, places))
        except OSError as error:
            raise TrainingRefused(
                f"cannot write the events of a large log to {self._folder}: {error.strerror or error}; "
                "set TMPDIR to a directory with more room, some 50 bytes an event"
            ) from None

    def _path(self, part: int) -> Path:
        assert self._folder is not None
        return self._folder / str(part)


def _write(path: Path, events: Events) -> None:
    with path.open("ab") as file:
        for array in events:
            np.save(file, array)


def _read(path: Path) -> list[Events]:
    if not path.exists():
        return []
    found, size = [], path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            found.append(Events(*(np.load(file) for _ in Events._fields)))
    return found
