"""How the model came about: what more leads would help, and which candidates there were."""

from typing import Any

from training.report.drawing import Axis, Plot
from training.report.markup import figure, paragraph, table
from training.report.numbers import count, interval


def learning_curve(points: list[dict[str, Any]]) -> str:
    """The AUC on the later leads by the number of leads trained on."""
    most = max(point["leads"] for point in points)
    low, high = min(point["auc"]["low"] for point in points), max(point["auc"]["high"] for point in points)
    x, y = Axis.upto("leads trained on", 1.04 * most, count), Axis.round("AUC on later leads", low, min(high, 1.0))
    said = "Learning curve: " + "; ".join(
        f"{count(each['leads'])} leads, AUC {each['auc']['value']:.3f}" for each in points
    )
    plot = Plot(said, x, y).line([(each["leads"], each["auc"]["value"]) for each in points], "model")
    for each in points:
        plot.whisker((each["leads"], each["auc"]["low"]), (each["leads"], each["auc"]["high"]), "model")
        tip = f"{count(each['leads'])} leads: {interval(each['auc'])}"
        plot.dot((each["leads"], each["auc"]["value"]), "model", tip)
    rows = [
        (count(each["leads"]), count(each["converting_leads"]), interval(each["auc"]), f"{each['log_loss']:.5f}")
        for each in points
    ]
    return figure(
        plot.svg(),
        "Learning curve. The same recipe fitted on fewer leads and judged on the same later ones: a line that still "
        "rises says that more leads would help.",
        table(("Leads trained on", "Converting", "AUC", "Log loss"), rows),
    )


def candidates(training: dict[str, Any]) -> str:
    """Every candidate with its figures on the calibration slice, and what was not let in."""
    tried = sorted(training["candidates"], key=lambda each: float(each["log_loss"]))
    rows = [
        (
            each["name"],
            f"{each['log_loss']:.6f}",
            f"{each['auc']:.4f}",
            each["calibration"],
            "taken" if each["taken"] else each.get("passed_over", ""),
        )
        for each in tried
    ]
    taken = next((place for place, each in enumerate(tried) if each["taken"]), None)
    parts = [
        paragraph(
            "The one with the lowest log loss on the calibration slice was taken, each with the calibration that suits "
            "it best; the slice that judges had no say."
        ),
        table(("Candidate", "Log loss", "AUC", "Calibration", ""), rows, taken),
    ]
    parts += [paragraph(f"{name} did not compete: {why}.") for name, why in training["tuning"]["left_out"].items()]
    return "\n".join(parts)
