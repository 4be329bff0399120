"""bench.json as a picture: four panels in SVG, drawn for both light and dark pages."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any, Final, NamedTuple

WIDTH: Final = 960
PANEL_WIDTH: Final = 436
PANEL_HEIGHT: Final = 250
MARGIN: Final = 30
TOP: Final = 98
LABELS: Final = 146
FIGURES: Final = 74

_STYLE: Final = """
  .page { fill: #fbfbfd } .ink { fill: #1b1f27 } .dim { fill: #69707d } .main { fill: #2457d6 } .soft { fill: #a9bff2 }
  .other { fill: #98a0ae } .rule { stroke: #dfe2e8; stroke-width: 1 }
  .line { stroke: #2457d6; stroke-width: 2.5; fill: none }
  text { font: 12px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif }
  .title { font-size: 20px; font-weight: 650 } .head { font-size: 13px; font-weight: 650 } .end { text-anchor: end }
  .mid { text-anchor: middle }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14171d } .ink { fill: #eceef2 } .dim { fill: #9aa2b1 } .main { fill: #6f9bff }
    .soft { fill: #2f4884 } .other { fill: #5b6372 } .rule { stroke: #2c313b } .line { stroke: #6f9bff }
  }
"""


class Bar(NamedTuple):
    """A row. value: its length; inner: a darker part of it, from the left. told: the figures at its end."""

    label: str
    value: float
    told: str
    inner: float | None = None
    other: bool = False


def chart(report: dict[str, Any]) -> str:
    """The picture of a report; a panel of what was not measured says so."""
    left, right = MARGIN, WIDTH - MARGIN - PANEL_WIDTH
    lower = TOP + PANEL_HEIGHT + 34
    height = lower + PANEL_HEIGHT + 40
    machine = report["machine"]
    kafka, day = report["versions"]["kafka"], report["measured"][:10]
    told = f"{machine['processor']}, one core for the engine; Kafka {kafka}; {day}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="Leadpulse: the bench">',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="10"/>',
        _text(left, 40, "Leadpulse on the reference job", "title ink"),
        _text(left, 60, told + (" (quick run: rough figures)" if report["quick"] else ""), "dim"),
        *_bars(left, TOP, "Events a second on one core", _engines(report)),
        *_bars(right, TOP, "CPU an event, by stage, in microseconds", _stages(report)),
        *_bars(left, lower, "Produce to visible, in ms: p50 and p99", _latencies(report)),
        *_growth(right, lower, report["growth"]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _engines(report: dict[str, Any]) -> list[Bar]:
    bars = []
    for name, peer in report["peers"].items():
        if rate := peer["events_per_second_per_core"]:
            bars.append(Bar(name, rate, f"{rate:,.0f}" + ("" if peer["verified"] else ", wrong"), other=True))
    # Beside others by their log, on which no lead is known at first; alone with a million known.
    own = report["fresh"] if bars and report["fresh"] else report
    if rate := own["events_per_second_per_core"]:
        bars.append(Bar("Leadpulse", rate, f"{rate:,.0f}"))
    return sorted(bars, key=lambda bar: -bar.value)


def _stages(report: dict[str, Any]) -> list[Bar]:
    costs = dict(report["cpu_us_per_event"] or {})
    total = costs.pop("total", None)
    bars = sorted((Bar(name, cost, f"{cost:.2f}") for name, cost in costs.items()), key=lambda bar: -bar.value)[:7]
    return bars if total is None else [Bar("in all", total, f"{total:.2f}", other=True), *bars]


def _latencies(report: dict[str, Any]) -> list[Bar]:
    return [
        Bar(
            f"{int(rate):,}/s {guarantee.replace('_', ' ')}",
            each["p99"],
            f"{each['p50']:g} / {each['p99']:g}",
            each["p50"],
        )
        for rate, by_guarantee in report["latency_ms"].items()
        for guarantee, each in by_guarantee.items()
    ]


def _bars(x: float, y: float, title: str, bars: Sequence[Bar]) -> list[str]:
    parts = [_text(x, y, title, "head ink"), _rule(x, y + 10)]
    if not bars:
        return [*parts, _text(x, y + 34, "not measured in this run", "dim")]
    room = PANEL_WIDTH - LABELS - FIGURES
    step = min(34.0, (PANEL_HEIGHT - 30) / len(bars))
    thick = step * 0.6
    most = max(bar.value for bar in bars) or 1.0
    for row, bar in enumerate(bars):
        top = y + 24 + row * step
        middle = top + thick / 2 + 4
        kind = "other" if bar.other else ("soft" if bar.inner is not None else "main")
        parts.append(_text(x + LABELS - 8, middle, bar.label, "ink end"))
        parts.append(_bar(x + LABELS, top, room * bar.value / most, thick, kind))
        if bar.inner is not None:
            parts.append(_bar(x + LABELS, top, room * bar.inner / most, thick, "main"))
        parts.append(_text(x + LABELS + room * bar.value / most + 6, middle, bar.told, "dim"))
    return parts


def _growth(x: float, y: float, growth: dict[str, dict[str, float]]) -> list[str]:
    """CPU an event over the number of leads,, whose axis is logarithmic."""
    parts = [_text(x, y, "CPU an event as leads grow, in microseconds", "head ink"), _rule(x, y + 10)]
    points = sorted((int(leads), each["cpu_us_per_event"]) for leads, each in growth.items())
    if len(points) < 2:
        return [*parts, _text(x, y + 34, "not measured in this run", "dim")]
    most = max(cost for _, cost in points) * 1.25
    first, last = math.log10(points[0][0]), math.log10(points[-1][0])
    floor = y + PANEL_HEIGHT - 26
    places = [
        (
            x + 30 + (PANEL_WIDTH - 60) * (math.log10(leads) - first) / (last - first),
            floor - (PANEL_HEIGHT - 66) * cost / most,
        )
        for leads, cost in points
    ]
    parts.append(_rule(x, floor))
    parts.append(f'<polyline class="line" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in places)}"/>')
    for (leads, cost), (a, b) in zip(points, places, strict=True):
        parts.append(f'<circle class="main" cx="{a:.1f}" cy="{b:.1f}" r="4"/>')
        parts.append(_text(a, b - 12, f"{cost:.1f}", "ink mid"))
        parts.append(_text(a, floor + 18, _short(leads), "dim mid"))
    return parts


def _short(leads: int) -> str:
    return f"{leads / 1e6:g}M" if leads >= 1_000_000 else f"{leads / 1e3:g}k"


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _bar(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" rx="2" class="{kind}"/>'


def _rule(x: float, y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + PANEL_WIDTH:.1f}" y2="{y:.1f}" class="rule"/>'
