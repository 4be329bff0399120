"""Pictures of the order that the model puts leads in."""

from typing import Any, Final

from training.report.drawing import Axis, Plot, ranges
from training.report.markup import figure, table
from training.report.numbers import count, interval, percent, tick

_TENTHS: Final = range(10, 101, 10)
_LEGEND: Final = (("the model", "model"), ("the rules", "other"))


def gain(test: dict[str, Any], rules: dict[str, Any]) -> str:
    """Which share of the conversions is found among the highest scores, against the rules and against chance."""
    found = test["gain"]
    x = Axis.round("share of the snapshots, highest scores first", 0, 1, tick)
    y = Axis.round("share of the conversions found", 0, 1, tick)
    plot = Plot(
        f"Gain: {percent(found[10])} of the conversions in the top tenth, {percent(found[20])} in the top fifth",
        x,
        y,
    )
    plot.line([(0, 0), (1, 1)], "plain").text((0.8, 0.8), "by chance", "start", 6, 14, "plain")
    plot.line(_curve(rules["gain"]), "other")
    plot.line(_curve(found), "model")
    plot.legend(*_LEGEND)
    rows = [(f"{top}%", percent(found[top]), f"{found[top] / top * 100:.2f}") for top in _TENTHS]
    return figure(
        plot.svg(),
        f"Gain. The highest tenth of the scores holds {percent(found[10])} of the conversions, the highest fifth "
        f"{percent(found[20])}.",
        table(("Highest", "Of the conversions", "Lift"), rows),
    )


def lift(test: dict[str, Any], rules: dict[str, Any]) -> str:
    """How many times as many convert among the highest scores as overall."""
    lifts = [(top / 100, test["gain"][top] / top * 100) for top in range(2, 101)]
    others = [(top / 100, rules["gain"][top] / top * 100) for top in range(2, 101)]
    most = max(value for _, value in lifts + others)
    x = Axis.round("share of the snapshots, highest scores first", 0, 1, tick)
    y = Axis.round("times the base rate (lift)", 0, most)
    plot = Plot(f"Lift: {interval(test['lift_top_10'], 1)} times the base rate in the highest tenth", x, y)
    plot.line([(0, 1), (1, 1)], "plain").text((1, 1), "by chance", "end", 0, 16, "plain")
    plot.line(others, "other")
    plot.line(lifts, "model")
    for top in (10, 20):
        found = test[f"lift_top_{top}"]
        plot.whisker((top / 100, found["low"]), (top / 100, found["high"]), "model")
        plot.dot((top / 100, found["value"]), "model", f"highest {top}%: {interval(found, 1)} times the base rate")
    plot.text(
        (0.1, test["lift_top_10"]["value"]),
        f"highest 10%: {test['lift_top_10']['value']:.1f} ×",
        "start",
        9,
        -4,
        "model",
    )
    plot.legend(*_LEGEND)
    return figure(plot.svg(), "Lift. How many times as many convert as overall, with 95% intervals at 10% and 20%.")


def by_moment(test: dict[str, Any], name_of: dict[str, str]) -> str:
    """The AUC of each moment by itself. name_of: what each group of moments is called."""
    days = {day: found for day, found in test["by_day"].items() if "auc" in found}
    if not days:
        return ""
    x = Axis.round("AUC (1 is perfect, 0.5 is chance)", min(0.5, *(each["auc"]["low"] for each in days.values())), 1)
    rows = [(name_of[day], found["auc"], "model") for day, found in days.items()]
    rows.append(("all moments", test["auc"], "other"))
    said = "AUC by moment: " + "; ".join(f"{name} {found['value']:.3f}" for name, found, _ in rows)
    counts = [
        (
            name_of[day],
            count(each["snapshots"]),
            count(each["conversions"]),
            interval(each.get("auc")),
            interval(each.get("lift_top_10"), 1),
        )
        for day, each in test["by_day"].items()
    ]
    return figure(
        ranges(said, x, rows, 150),
        "AUC at each moment by itself. Judge by these: over all moments together a lead's age alone orders leads, "
        "which lifts the AUC. Where few convert, even the interval is rough.",
        table(("Moment", "Snapshots", "Converting", "AUC", "Lift of the top 10%"), counts),
    )


def _curve(found: list[float]) -> list[tuple[float, float]]:
    return [(place / 100, value) for place, value in enumerate(found)]
