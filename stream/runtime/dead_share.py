"""The watch over a worker's first minutes: a change that makes its records useless stops it before they are passed."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from schemas.records import Reason
from schemas.settings import Limits
from schemas.times import format_duration
from stream.core.outputs import Output

LEAST: Final = 100
"""Of fewer records a share says nothing."""


class TooManyDeadError(Exception):
    """Too many of the first records cannot be used; the message says why and what to do."""


class DeadShare:
    """Counts what a worker takes after its start. What was rolled back and comes again counts again, dead or not."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._records = 0
        self._reasons: Counter[Reason] = Counter()
        self._ends: float | None = None

    def watch(self, records: int, dead: Sequence[tuple[Reason, Output]]) -> None:
        """So many more records were taken, of which these are dead letters. Raises TooManyDeadError."""
        most = self._limits.dead_share
        if most is None:
            return
        if self._ends is None:
            self._ends = time.monotonic() + self._limits.dead_window / 1000
        elif time.monotonic() > self._ends:
            return
        self._records += records
        self._reasons.update(reason for reason, _ in dead)
        if self._records >= LEAST and self._reasons.total() > most * self._records:
            raise TooManyDeadError(self._told(most, dead))

    def _told(self, most: float, dead: Sequence[tuple[Reason, Output]]) -> str:
        reasons = ", ".join(f"{reason} {number}" for reason, number in self._reasons.most_common())
        return (
            f"{self._reasons.total()} of the first {self._records} records cannot be used ({reasons}{_example(dead)}), "
            f"more than limits.dead_share, {most:g}, allows in the {format_duration(self._limits.dead_window)} after a "
            "start. The open epoch was not committed, and no record is lost. Did the change behind this start touch "
            "topics.formats, limits, or the producers? Mend that, or raise limits.dead_share to let them pass as dead "
            "letters"
        )


def _example(dead: Sequence[tuple[Reason, Output]]) -> str:
    """The first of the latest, where there is one."""
    for _, letter in dead:
        told: dict[str, bytes] = {}
        for name, content in letter.headers:
            told.setdefault(name, content)  # the first of a name is ours
        part = [told[f"__connect.errors.{each}"].decode() for each in ("topic", "partition", "offset")]
        return (
            f"; {part[0]}, partition {part[1]}, offset {part[2]}: {told['__connect.errors.exception.message'].decode()}"
        )
    return ""
