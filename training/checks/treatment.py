"""Checks of how a model treats leads: alike from group to group, and for the same reasons as the model before."""

from typing import Any, Final

from training.checks.case import Case, Finding

FOUR_FIFTHS: Final = 0.8
TRUE_POSITIVE_GAP: Final = 0.2
MOVED: Final = 0.3


def segments_selected(case: Case) -> Finding:
    """By the four-fifths rule, beyond chance. It warns, as groups may differ in what they do."""
    found, judged, small = [], 0, 0
    for field in case.metrics["segments"]:
        small += sum(segment["small"] for segment in field["segments"])
        ratio, gap = field.get("selection_ratio"), field.get("true_positive_gap")
        if ratio is None:
            continue
        judged += 1
        if ratio["high"] < FOUR_FIFTHS:
            low, high = _ends(field)
            found.append(
                f"{field['field']} {low['value']} is in the highest tier {ratio['value']:.2f} times as often as "
                f"{high['value']} ({low['selected']['value']:.1%} against {high['selected']['value']:.1%})"
            )
        if gap is not None and gap["low"] > TRUE_POSITIVE_GAP:
            found.append(f"by {field['field']}, the share of converting leads it finds differs by {gap['value']:.0%}")
    aside = f"; {small} groups are too small to judge" if small else ""
    if found:
        return "warned", (
            f"{'; '.join(found)}{aside}: below four fifths asks for a reason; if there is none, exclude what the "
            "model knows of the field"
        )
    if not judged:
        return "passed", f"there are no two groups of leads large enough to compare{aside}"
    return (
        "passed",
        f"the highest tier keeps to the four-fifths rule in {judged} fields, or misses it by chance{aside}",
    )


def importance_shift(case: Case) -> Finding:
    """Whether scores rest on other features than before."""
    importance = case.metrics["importance"]
    if "shift" not in importance:
        return "passed", "there is no model before this one to compare with"
    shift = importance["shift"]
    if shift is None:
        return "passed", "the model before this one does not say what it looked at"
    movers = ", ".join(f"{name} {change:+.0%}" for name, change in shift["features"].items())
    text = f"{shift['moved']:.0%} of the importance moved to other features than the model before had ({movers})"
    if shift["moved"] > MOVED:
        return "warned", f"{text}: tell the team that reasons will read differently, and look for changed tracking"
    return "passed", text


def _ends(field: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The least and the most selected of the segments that are large enough."""
    large = [segment for segment in field["segments"] if not segment["small"]]
    by_rate = sorted(large, key=lambda segment: segment["selected"]["value"])
    return by_rate[0], by_rate[-1]
