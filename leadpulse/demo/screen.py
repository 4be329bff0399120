"""The display: a live page on a terminal, plain lines elsewhere."""

import math
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from leadpulse.demo.board import Board
from leadpulse.demo.progress import Progress, Step
from leadpulse.demo.subscriber import Told

_LINE_SECONDS: Final = 5.0
_SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TIERS: Final = {"hot": "bold red", "warm": "yellow", "cold": "cyan"}
_HEADINGS: Final = 5
"""Lines of the page that are neither steps nor rows: title, two of figures, two rules."""
_MOST_ROWS: Final = 10


class Screen:
    """Shows progress and board from entering the `with` block to leaving it."""

    def __init__(self, console: Console, progress: Progress, board: Board) -> None:
        self._console = console
        self._progress = progress
        self._board = board
        self._shown: set[str] = set()
        self._line = time.monotonic()
        self._live = Live(
            get_renderable=self._page, console=console, refresh_per_second=8, transient=True, vertical_overflow="crop"
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()
            for step in self._progress.steps.values():
                self._console.print(_step(step, self._progress.seconds))

    def tick(self) -> None:
        """Where there is no terminal: prints the steps that began or ended, and the figures every few seconds."""
        if self._console.is_terminal:
            return
        for step in self._progress.steps.values():
            state = f"{step.name} {'ended' if step.ended else 'began'}"
            if step.began is not None and state not in self._shown:
                self._shown.add(state)
                lasted = f" ({step.seconds:.1f} s)" if step.ended else " ..."
                self._say(f"{step.name}: {step.note}{lasted}")
        if time.monotonic() - self._line > _LINE_SECONDS and self._progress.figures.events:
            self._line = time.monotonic()
            self._board.turn()
            self._say(f"{_figures(self._progress).plain}   {_model(self._progress).plain}")
            for alert in list(self._board.alerts)[:1]:
                self._say(f"alert: {alert.lead} {_move(alert).plain}: {alert.text}")

    def _say(self, text: str) -> None:
        self._console.print(Text(f"{self._progress.seconds:6.1f} s  {text}"), soft_wrap=True)

    def _page(self) -> RenderableType:
        self._board.turn()
        clock = f"{int(self._progress.seconds) // 60}:{int(self._progress.seconds) % 60:02d}"
        title = Table.grid(expand=True)
        title.add_column()
        title.add_column(justify="right")
        title.add_row(Text("leadpulse demo", "bold"), Text(clock, "dim"))
        steps = [_step(step, self._progress.seconds) for step in self._progress.steps.values()]
        # One line stays free: a page that fills the terminal scrolls with every refresh.
        rows = self._console.height - 1 - _HEADINGS - len(steps)
        leads = max(1, min(_MOST_ROWS, rows // 2))
        return Group(
            title,
            *steps,
            _figures(self._progress),
            _model(self._progress),
            Rule("leads on the move", style="dim", align="left"),
            _padded(_leads(list(self._board.leads)[:leads]), leads - len(self._board.leads)),
            Rule("alerts", style="dim", align="left"),
            _alerts(list(self._board.alerts)[: max(1, min(_MOST_ROWS, (rows - leads) // 2))]),
        )


def _step(step: Step, seconds: float) -> RenderableType:
    if step.ended is not None:
        sign, style = Text("✔", "green"), ""
    elif step.began is not None:
        sign, style = Text(_SPINNER[int(seconds * 8) % len(_SPINNER)], "cyan"), "bold"
    else:
        sign, style = Text("·", "dim"), "dim"
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(width=9)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(width=7, justify="right")
    lasted = f"{step.seconds:.1f} s" if step.began is not None else ""
    grid.add_row(sign, Text(step.name, style), Text(step.note, style), Text(lasted, "dim"))
    return grid


def _figures(progress: Progress) -> Text:
    found = progress.figures
    return _parts(
        ("events", f"{found.events:,}"),
        ("a second", f"{progress.rate():,.0f}"),
        ("changes", f"{found.outputs['change']:,}"),
        ("alerts", f"{found.outputs['alert']:,}"),
    )


def _model(progress: Progress) -> Text:
    found = progress.figures
    reasons = ", ".join(f"{number} {reason}" for reason, number in found.refused.most_common())
    return _parts(
        ("model", found.model or "none yet"),
        ("dead letters", f"{found.outputs['dead-letter']:,}{f' ({reasons})' if reasons else ''}"),
    )


def _parts(*parts: tuple[str, str]) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    for name, value in parts:
        text.append(f"{'   ' if text else ''}{name} ", "dim").append(value, "bold")
    return text


def _leads(rows: list[Told]) -> Table:
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(width=17, no_wrap=True)
    grid.add_column(width=11, no_wrap=True)
    grid.add_column(width=11, no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for told in rows:
        why = "; ".join(driver.text for driver in told.drivers if (driver.change >= 0) == told.up)
        grid.add_row(told.lead, _tiers(told), _move(told), Text(why, "" if told.up else "dim"))
    return grid


def _alerts(rows: list[Told]) -> RenderableType:
    lines: list[Text] = []
    for told in rows:
        line = Text(no_wrap=True, overflow="ellipsis")
        lines.append(line.append(f"{told.lead}  ", "bold").append(_move(told)).append(f"  {told.text}"))
        behind = ", ".join(f"{each.label} {_day(each.time)}" for each in told.events) or "no single event stands out"
        lines.append(Text(f"  behind it: {behind}", "dim", no_wrap=True, overflow="ellipsis"))
    return Group(*lines) if lines else Text("none yet", "dim")


def _padded(table: Table, missing: int) -> RenderableType:
    """Keeps what follows in its place while rows are still coming."""
    return Group(table, *([Text("")] * max(0, missing)))


def _tiers(told: Told) -> Text:
    text = Text()
    if told.before is not None and told.before.tier != told.now.tier:
        text.append(told.before.tier, _TIERS.get(told.before.tier, "")).append(" → ", "dim")
    return text.append(told.now.tier, _TIERS.get(told.now.tier, ""))


def _move(told: Told) -> Text:
    """From the score before; of an alert from the window's lowest, above which it rose."""
    if told.text and told.rise > 0:
        before = f"{100 / (1 + math.exp(told.rise - told.now.log_odds)):.1f}"
    else:
        before = f"{told.before.score:.1f}" if told.before is not None else "new"
    return Text(f"{before} → {told.now.score:.1f}", "green" if told.up or told.text else "blue")


def _day(stamp: str) -> str:
    """Month, day and minute of an RFC 3339 stamp."""
    return f"{stamp[5:10]} {stamp[11:16]}"
