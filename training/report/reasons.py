"""What the model looks at: importance, how it has shifted, and a few leads with what their scores are made of."""

from html import escape
from typing import Any, Final

from training.report.drawing import Axis, bars
from training.report.markup import figure, paragraph, table
from training.report.numbers import percent, tick

_SHOWN: Final = 12
_LONG: Final = 26
_LEAST: Final = 0.05
"""Points below which a signal is not worth a line."""


def importance(found: dict[str, Any], of: str) -> str:
    """Shares of all importance by signal or by feature, the greatest first."""
    shares = {name: share for name, share in found[f"{of}s"].items() if share > 0}
    shown = list(shares.items())[:_SHOWN]
    if not shown:
        return ""
    left = len(shares) - len(shown)
    rest = f" {left} more share {percent(sum(shares.values()) - sum(share for _, share in shown))}." if left else ""
    said = f"Importance by {of}: " + "; ".join(f"{name} {percent(share)}" for name, share in shown)
    x = Axis.round("share of all importance", 0, 1.15 * shown[0][1], tick)
    rows = [(brief(name), share, percent(share)) for name, share in shown]
    return figure(bars(said, x, rows, "model"), f"Importance by {of}: how much each moves scores.{rest}")


def shift(found: dict[str, Any]) -> str:
    """What weighs more or less than in the model before."""
    if "shift" not in found:
        return paragraph("There is no model before this one to compare importance with.")
    if found["shift"] is None:
        return paragraph("The model before this one does not say what it looked at.")
    moved = found["shift"]["features"]
    most = 1.3 * max(0.01, *(abs(change) for change in moved.values()))
    x = Axis.round("change of the share of all importance", -most, most, "{:+.0%}".format)
    rows = [(brief(name), change, f"{100 * change:+.1f} points") for name, change in moved.items()]
    said = "Shift of importance: " + "; ".join(f"{name} {words}" for name, _, words in rows)
    return figure(
        bars(said, x, rows, "other"),
        f"Against the model before, {percent(found['shift']['moved'])} of all importance moved to other features.",
    )


def examples(found: list[dict[str, Any]]) -> str:
    """A few leads: the score, and what it is made of by signal."""
    parts = []
    for each in found:
        named = [signal for signal in each["signals"] if abs(signal["points"]) >= _LEAST]
        rows = [(signal["text"], brief(signal["signal"]), f"{signal['points']:+.1f}") for signal in named]
        rest = each["score"] - each["start"] - sum(signal["points"] for signal in named)
        if abs(rest) >= _LEAST:
            rows.append(("everything else", "", f"{rest:+.1f}"))
        heading = f"{each['place'].capitalize()}: {each['score']:.1f} of 100"
        start = f"A lead of whom nothing speaks for or against is at {each['start']:.1f}. From there:"
        parts.append(f"<h3>{escape(heading)}</h3>{paragraph(start)}{table(('Because of', 'Signal', 'Points'), rows)}")
    return "\n".join(parts)


def brief(name: str) -> str:
    """A name that fits beside a bar."""
    signals = name.split(" and ")
    if len(signals) > 2:
        return f"{signals[0]} and {len(signals) - 1} more"
    return name if len(name) <= _LONG else f"{name[: _LONG - 1]}…"
