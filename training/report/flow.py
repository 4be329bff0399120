"""The data flow: what became of every event, lead and moment, as pictures in which nothing is lost."""

from collections.abc import Sequence
from typing import Any, Final

from training.report.drawing import Axis, Plot
from training.report.markup import figure, pair, table
from training.report.numbers import count, percent

_LEFT: Final = 270
_ROW: Final = 24


def flow(training: dict[str, Any]) -> str:
    """Events, leads and moments from all that there were to the slices."""
    split, moments, events = training["split"], training["moments"], training["events"]
    slices = [
        (name, part)
        for name, part in (("trained on", "train"), ("calibrated on", "calibration"), ("judged on", "test"))
    ]
    kept = sum(split[part]["leads"] for _, part in slices)
    asked = moments["snapshots"] + moments["converted"] + moments["lost"] + moments["open"]
    seen = sum(events["unreadable"].values()) + events["silent"] + training["history"]["events"]
    return pair(
        _fall("events", seen, [
            *((f"unreadable: {reason}", number) for reason, number in events["unreadable"].items()),
            ("say nothing by the settings", events["silent"]),
            ("repeat an id, count once", events["repeated"]),
        ], [("counted", training["history"]["events"] - events["repeated"])]),
        _fall("leads", events["leads"], [
            ("converted by the first moment", moments["never_asked"]),
            ("no snapshot left for a slice", events["leads"] - moments["never_asked"] - kept),
        ], [(name, split[part]["leads"]) for name, part in slices]),
        _fall("moments", asked, [
            ("had converted already", moments["converted"]),
            ("had ended without converting", moments["lost"]),
            ("window open at the log's end", moments["open"]),
            ("window reaches the test slice", moments["embargoed"]),
        ], [(name, split[part]["snapshots"]) for name, part in slices]),
    )  # fmt: skip


def _fall(unit: str, total: int, lost: Sequence[tuple[str, int]], kept: Sequence[tuple[str, int]]) -> str:
    """All at the top; below, what goes away is taken from the right, and what is left is laid out from the left."""
    gone = [(name, number) for name, number in lost if number]
    rows: list[tuple[str, int, int, str]] = [(f"all {unit}", 0, total, "plain")]
    right = total
    for name, number in gone:
        rows.append((name, right - number, right, "other"))
        right -= number
    left = 0
    for name, number in kept:
        rows.append((name, left, left + number, "model"))
        left += number
    said = f"Of {count(total)} {unit}: " + "; ".join(f"{name} {count(end - begin)}" for name, begin, end, _ in rows[1:])
    x = Axis.upto(unit, max(total, 1), count)
    plot = Plot(said, x, Axis("", 0, len(rows), ()), _LEFT, 68 + _ROW * len(rows))
    for place, (name, begin, end, kind) in enumerate(rows):
        y = len(rows) - place - 0.5
        plot.bar((begin, y - 0.34), (end, y + 0.34), kind, f"{name}: {count(end - begin)} {unit}")
        plot.text((x.low, y), f"{name}: {count(end - begin)}", "end", -8, 4)
    numbers = [(name, count(end - begin), percent((end - begin) / max(total, 1))) for name, begin, end, _ in rows]
    return figure(
        plot.svg(),
        f"{unit.capitalize()}: what was left out, and what was used.",
        table(("What", unit.capitalize(), "Share"), numbers),
    )
