"""What became of a row, and the form in which people and programs read it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

_WIDTHS: Final = (3, 50, 9, 6, 11, 11, 8)
_TITLES: Final = ("#", "fault", "events", "lost", "duplicated", "recovered", "")


@dataclass
class Findings:
    """What the judge and the row itself found out.

    lost: outputs of the oracle that no reader of committed records gets. duplicated: records whose id was there
    before. complaints: what should not be, in words. notes: what the row showed.
    """

    lost: int = 0
    duplicated: int = 0
    complaints: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def require(self, holds: object, complaint: str) -> None:
        """Complains unless it holds."""
        if not holds:
            self.complaints.append(complaint)

    def note(self, text: str) -> None:
        """Something that the row showed."""
        self.notes.append(text)


@dataclass(frozen=True)
class Outcome:
    """One line of the table. events, lost, duplicated, recovered_seconds: None where the row never came so far."""

    number: int
    fault: str
    events: int | None
    lost: int | None
    duplicated: int | None
    recovered_seconds: float | None
    passed: bool
    detail: str


def print_heading(console: Console) -> None:
    """The first line of the table."""
    console.print(_line(_TITLES), style="bold")


def print_outcome(console: Console, outcome: Outcome) -> None:
    """A line of the table, and why where it did not pass."""
    recovered = "-" if outcome.recovered_seconds is None else f"{outcome.recovered_seconds:.1f} s"
    told = "[green]passed" if outcome.passed else "[red]FAILED"
    counts = ("-" if each is None else f"{each:,}" for each in (outcome.events, outcome.lost, outcome.duplicated))
    console.print(_line((str(outcome.number), outcome.fault, *counts, recovered, told)))
    if not outcome.passed:
        console.print(f"    {outcome.detail}", style="red", markup=False, highlight=False)


def write(path: Path, outcomes: Sequence[Outcome]) -> None:
    """All outcomes as JSON, by number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [asdict(each) for each in sorted(outcomes, key=lambda each: each.number)]
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _line(cells: Sequence[str]) -> Table:
    line = Table.grid(padding=(0, 1))
    for width, title in zip(_WIDTHS, _TITLES, strict=True):
        line.add_column(width=width, justify="left" if title in ("fault", "") else "right")
    line.add_row(*cells)
    return line
