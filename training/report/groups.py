"""Groups of leads: whether the model treats them alike, as a picture and as a table for each profile field."""

from typing import Any, Final

from training.report.drawing import Axis, ranges
from training.report.markup import figure, paragraph, table
from training.report.numbers import count, interval, percent, shares, tick

_SHOWN: Final = 16


def segments(fields: list[dict[str, Any]], tier: str) -> str:
    """Every field's segments. tier: the name of the highest one."""
    if not fields:
        return paragraph("The settings name no profile field with categories, so there are no groups to compare.")
    return "\n".join(_field(field, tier) for field in fields)


def _field(field: dict[str, Any], tier: str) -> str:
    listed = sorted(field["segments"], key=lambda each: (each["small"], -each["leads"], each["value"]))
    shown = [each for each in listed if each["selected"] is not None][:_SHOWN]
    if len(shown) < 2:
        return paragraph(f"By {_words(field['field'])} there are no two groups to compare.")
    most = max(each["selected"]["high"] for each in shown)
    x = Axis.round(f"share in the tier {tier}", 0, most or 0.01, tick)
    rows = [(_name(each), each["selected"], "small" if each["small"] else "model") for each in shown]
    said = f"Selection by {field['field']}: " + "; ".join(
        f"{name} {percent(found['value'])}" for name, found, _ in rows
    )
    return figure(ranges(said, x, rows, 150), _caption(field, tier), _table(listed))


def _caption(field: dict[str, Any], tier: str) -> str:
    said = f"{_words(field['field']).capitalize()}: who reaches the tier {tier}, with 95% intervals."
    if any(each["small"] for each in field["segments"]):
        said += " Hollow dots are groups too small to judge by."
    if "selection_ratio" in field:
        said += (
            f" Lowest to highest rate: {interval(field['selection_ratio'], 2)}; below 0.8, the four-fifths rule "
            "asks for a reason."
        )
    return said


def _table(segments: list[dict[str, Any]]) -> str:
    rows = [
        (
            _name(each),
            count(each["leads"]),
            count(each["converting_leads"]),
            percent(each["predicted"]),
            percent(each["observed"]),
            shares(each["calibration_gap"]),
            shares(each["selected"]),
            shares(each["true_positive_rate"]),
        )
        for each in segments
    ]
    head = (
        "Group",
        "Leads",
        "Converting",
        "Said",
        "Happened",
        "Said less happened",
        "In the highest tier",
        "Of converting, found",
    )
    return table(head, rows)


def _name(segment: dict[str, Any]) -> str:
    return f"{_words(segment['value'])}{' (small)' if segment['small'] else ''}"


def _words(name: str) -> str:
    return name.replace("_", " ")
