"""Drawing in SVG: axes with round ticks, and marks in the units of the data. Colours are those of the page's style."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Point = tuple[float, float]

WIDTH: Final = 560
HEIGHT: Final = 300
_LEFT: Final = 62
_RIGHT: Final = 26
_TOP: Final = 24
_BOTTOM: Final = 44


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, with a name and labelled ticks."""

    name: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    @classmethod
    def round(cls, name: str, low: float, high: float, say: Callable[[float], str] = "{:g}".format) -> "Axis":
        """Some five ticks at round numbers, the axis ending on them."""
        step = round_step((high - low) / 5 or 1.0)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        ticks = tuple((number * step, say(round(number * step, 10))) for number in range(first, last + 1))
        return cls(name, ticks[0][0], ticks[-1][0], ticks)

    @classmethod
    def upto(cls, name: str, high: float, say: Callable[[float], str] = "{:g}".format) -> "Axis":
        """From 0 to just `high`, with round ticks below it."""
        rounded = cls.round(name, 0, high, say)
        return cls(name, 0, high, tuple(each for each in rounded.ticks if each[0] <= high))


def round_step(least: float) -> float:
    """The least of 1, 2, 5, 10, 20, ... (and their tenths) that is not below."""
    unit = 10.0 ** math.floor(math.log10(least))
    return next(size * unit for size in (1, 2, 5, 10) if size * unit >= least * (1 - 1e-9))


class Plot:
    """A picture that grows by marks. said: what it shows, in words, for those who cannot see it."""

    def __init__(self, said: str, x: Axis, y: Axis, left: int = _LEFT, height: int = HEIGHT) -> None:
        self._said, self._x, self._y = said, x, y
        self._left, self._height = left, height
        self._parts = [*self._grid(), *self._names()]

    def line(self, points: Sequence[Point], kind: str) -> "Plot":
        """A line through the points."""
        path = " ".join(f"{self._at_x(x):.1f},{self._at_y(y):.1f}" for x, y in points)
        return self._add(f'<polyline class="line {kind}" points="{path}"/>')

    def band(self, lower: Sequence[Point], upper: Sequence[Point], kind: str) -> "Plot":
        """The area between two lines."""
        around = [*lower, *reversed(upper)]
        path = " ".join(f"{self._at_x(x):.1f},{self._at_y(y):.1f}" for x, y in around)
        return self._add(f'<polygon class="band {kind}" points="{path}"/>')

    def dot(self, point: Point, kind: str, tip: str) -> "Plot":
        """A dot that says its numbers where one points at it."""
        x, y = self._at_x(point[0]), self._at_y(point[1])
        return self._add(
            f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(tip)}</title></circle>'
        )

    def whisker(self, begin: Point, end: Point, kind: str) -> "Plot":
        """A thin line, as that of an interval."""
        (x1, y1), (x2, y2) = begin, end
        ends = (
            f'x1="{self._at_x(x1):.1f}" y1="{self._at_y(y1):.1f}" x2="{self._at_x(x2):.1f}" y2="{self._at_y(y2):.1f}"'
        )
        return self._add(f'<line class="whisker {kind}" {ends}/>')

    def bar(self, begin: Point, end: Point, kind: str, tip: str) -> "Plot":
        """A rectangle between two corners."""
        x1, x2 = sorted((self._at_x(begin[0]), self._at_x(end[0])))
        y1, y2 = sorted((self._at_y(begin[1]), self._at_y(end[1])))
        size = f'x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1, 0.5):.1f}" height="{y2 - y1:.1f}"'
        return self._add(f'<rect class="bar {kind}" {size}><title>{escape(tip)}</title></rect>')

    def text(
        self, point: Point, words: str, anchor: str = "start", dx: float = 0, dy: float = 0, kind: str = ""
    ) -> "Plot":
        """Words at a point, moved by (dx, dy)."""
        x, y = self._at_x(point[0]) + dx, self._at_y(point[1]) + dy
        return self._add(
            f'<text class="label {kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def legend(self, *names: tuple[str, str]) -> "Plot":
        """What the marks are, above the picture: words and kind of each."""
        x = float(self._left)
        for words, kind in names:
            self._parts.append(f'<text class="label {kind}" x="{x:.1f}" y="12">■ {escape(words)}</text>')
            x += 7.2 * len(words) + 30
        return self

    def svg(self) -> str:
        """The picture."""
        box = f"0 0 {WIDTH} {self._height}"
        content = "\n".join(self._parts)
        return f'<svg viewBox="{box}" role="img" aria-label="{escape(self._said)}">\n{content}\n</svg>'

    def _add(self, part: str) -> "Plot":
        self._parts.append(part)
        return self

    def _at_x(self, value: float) -> float:
        share = (value - self._x.low) / (self._x.high - self._x.low)
        return self._left + min(max(share, 0.0), 1.0) * (WIDTH - self._left - _RIGHT)

    def _at_y(self, value: float) -> float:
        share = (value - self._y.low) / (self._y.high - self._y.low)
        return self._height - _BOTTOM - min(max(share, 0.0), 1.0) * (self._height - _TOP - _BOTTOM)

    def _grid(self) -> list[str]:
        bottom, right = self._height - _BOTTOM, WIDTH - _RIGHT
        found = []
        for value, words in self._y.ticks:
            y = self._at_y(value)
            found.append(f'<line class="grid" x1="{self._left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
            found.append(
                f'<text class="tick" x="{self._left - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}</text>'
            )
        for value, words in self._x.ticks:
            x = self._at_x(value)
            found.append(f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}"/>')
            found.append(
                f'<text class="tick" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{escape(words)}</text>'
            )
        return found

    def _names(self) -> list[str]:
        middle = (self._left + WIDTH - _RIGHT) / 2
        place = f'x="{middle:.1f}" y="{self._height - 8}" text-anchor="middle"'
        found = [f'<text class="name" {place}>{escape(self._x.name)}</text>']
        if self._y.name:
            y = (self._height - _BOTTOM + _TOP) / 2
            turned = f'transform="rotate(-90 11 {y:.1f})"'
            found.append(
                f'<text class="name" x="11" y="{y:.1f}" text-anchor="middle" {turned}>{escape(self._y.name)}</text>'
            )
        return found


def bars(said: str, x: Axis, rows: Sequence[tuple[str, float, str]], kind: str, left: int = 200) -> str:
    """Horizontal bars from 0, one below the other: name, value and what is written at its end."""
    height = _TOP + _BOTTOM + 22 * len(rows)
    plot = Plot(said, x, _lines(len(rows)), left, height)
    for place, (name, value, words) in enumerate(rows):
        y = len(rows) - place - 0.5
        ahead = value >= 0
        plot.bar((0.0, y - 0.32), (value, y + 0.32), kind, f"{name}: {words}")
        plot.text((x.low, y), name, "end", -8, 4)
        plot.text(
            (max(value, 0.0) if ahead else value, y), words, "start" if ahead else "end", 5 if ahead else -5, 4, "value"
        )
    return plot.svg()


def ranges(said: str, x: Axis, rows: Sequence[tuple[str, dict[str, float], str]], left: int = 200) -> str:
    """Values with their intervals, one below the other: name, figure and kind of mark."""
    plot = Plot(said, x, _lines(len(rows)), left, _TOP + _BOTTOM + 22 * len(rows))
    for place, (name, found, kind) in enumerate(rows):
        y = len(rows) - place - 0.5
        plot.whisker((found["low"], y), (found["high"], y), kind)
        plot.dot((found["value"], y), kind, f"{name}: {found['value']:g} ({found['low']:g} to {found['high']:g})")
        plot.text((x.low, y), name, "end", -8, 4)
    return plot.svg()


def _lines(count: int) -> Axis:
    return Axis("", 0, count, ())
