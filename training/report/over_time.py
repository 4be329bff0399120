"""Pictures over time: what was said and what happened, the order of leads, what has drifted, and the log itself."""

from collections.abc import Sequence
from typing import Any, Final

from training.report.drawing import Axis, Plot, bars
from training.report.markup import figure, table
from training.report.numbers import count, interval, percent, tick

_SLICES: Final = {
    "train": ("trained on", "plain"),
    "calibration": ("calibrated on", "other"),
    "test": ("judged on", "model"),
}
_LABELS: Final = 6
_DRIFTED: Final = 8


def weeks(found: list[dict[str, Any]]) -> str:
    """By week of the first event: the share that converted, and what the model says of the same snapshots."""
    most = max(max(each["observed"], each["predicted"]) for each in found)
    x = _places("week of the first event", [each["week"] for each in found])
    plot = Plot(
        "Share that converts by week of the first event, said and happened",
        x,
        Axis.round("share that converts", 0, most or 0.01, tick),
    )
    plot.line([(place, each["predicted"]) for place, each in enumerate(found)], "plain")
    for place, each in enumerate(found):
        words, kind = _SLICES[each["slice"]]
        shares = f"{percent(each['observed'])} happened, {percent(each['predicted'])} said"
        tip = f"{each['week']}: {shares}, {count(each['leads'])} leads {words}"
        plot.dot((place, each["observed"]), kind, tip)
    plot.legend(*_SLICES.values())
    return figure(
        plot.svg(),
        "Share of snapshots that convert. Dots: what happened. Dashed line: what the model says of the same leads.",
    )


def months(found: list[dict[str, Any]]) -> str:
    """By month of the first event: the AUC with its interval."""
    known = [each for each in found if each["auc"] is not None]
    if not known:
        return ""
    x = _places("month of the first event", [each["month"] for each in found])
    y = Axis.round("AUC", min(0.5, *(each["auc"]["low"] for each in known)), 1)
    plot = Plot(
        "AUC by month of the first event: " + "; ".join(f"{m['month']} {m['auc']['value']:.2f}" for m in known), x, y
    )
    for place, each in enumerate(found):
        if each["auc"] is not None:
            words, kind = _SLICES[each["slice"]]
            plot.whisker((place, each["auc"]["low"]), (place, each["auc"]["high"]), kind)
            plot.dot((place, each["auc"]["value"]), kind, f"{each['month']}, {words}: {interval(each['auc'])}")
    plot.legend(*_SLICES.values())
    rows = [
        (
            each["month"],
            _SLICES[each["slice"]][0],
            count(each["leads"]),
            percent(each["observed"]),
            percent(each["predicted"]),
            interval(each["auc"]),
        )
        for each in found
    ]
    return figure(
        plot.svg(),
        "AUC by month, with 95% intervals. Months that it was trained on look better than they are; those that it was "
        "judged on count.",
        table(("Month", "", "Leads", "Happened", "Said", "AUC"), rows),
    )


def drift(found: dict[str, Any]) -> str:
    """How far features and score have moved between the leads trained on and those judged on."""
    moved = sorted(found["features"].items(), key=lambda each: (-each[1]["psi"], each[0]))[:_DRIFTED]
    rows = [("the score itself", found["score"]["psi"]), *((name, each["psi"]) for name, each in moved)]
    x = Axis.round("stability index (below 0.1 little, above 0.25 much)", 0, max(0.3, *(psi for _, psi in rows)))
    said = "Drift: " + "; ".join(f"{name} {psi:.2f}" for name, psi in rows)
    return figure(
        bars(said, x, [(name, psi, f"{psi:.3f}") for name, psi in rows], "model"),
        "Drift. How far the later leads differ from those trained on.",
    )


def leads_by_month(history: dict[str, Any]) -> str:
    """New leads and outcomes in each month of the log."""
    months = sorted({*history["leads_by_month"], *history["outcomes_by_month"]})
    x = _places("month", months)
    leads = [history["leads_by_month"].get(month, 0) for month in months]
    outcomes = [history["outcomes_by_month"].get(month, 0) for month in months]
    y = Axis.round("", 0, max(*leads, *outcomes, 1), count)
    plot = Plot(f"New leads and outcomes by month, {months[0]} to {months[-1]}" if months else "No leads", x, y)
    for place, month in enumerate(months):
        plot.bar((place - 0.38, 0), (place, leads[place]), "plain", f"{month}: {count(leads[place])} new leads")
        plot.bar((place, 0), (place + 0.38, outcomes[place]), "model", f"{month}: {count(outcomes[place])} outcomes")
    plot.legend(("new leads", "plain"), ("outcomes", "model"))
    rows = [(month, count(a), count(b)) for month, a, b in zip(months, leads, outcomes, strict=True)]
    return figure(
        plot.svg(), "New leads and outcomes in each month of the log.", table(("Month", "New leads", "Outcomes"), rows)
    )


def _places(name: str, labels: Sequence[str]) -> Axis:
    """One place a label, of which a few are written."""
    step = -(-len(labels) // _LABELS) or 1
    return Axis(name, -0.6, max(len(labels) - 0.4, 0.4), tuple((i, labels[i]) for i in range(0, len(labels), step)))
