"""Checks of what a model's probabilities mean: on the whole, from the lowest to the highest, and group by group."""

from typing import Final

from training.checks.case import Case, Finding

SLOPE_BOUNDS: Final = (0.5, 2.0)
BINNED_ERROR: Final = 0.02


def calibrated(case: Case) -> Finding:
    """Of the leads at p, about p convert."""
    if case.later_slope <= 0:
        return "blocked", f"the calibration's slope is {case.later_slope:.3f}: later leads contradict the model"
    slope, shift = case.test["calibration_slope"], case.test["calibration_intercept"]
    text = (
        f"slope {slope['value']:.2f} ({slope['low']:.2f} to {slope['high']:.2f}), "
        f"intercept {shift['value']:+.2f} ({shift['low']:+.2f} to {shift['high']:+.2f})"
    )
    if slope["high"] < SLOPE_BOUNDS[0] or slope["low"] > SLOPE_BOUNDS[1]:
        return "blocked", f"{text}: the slope is far from 1, so probabilities on later leads are wrong"
    fits = [
        (slope["high"] >= 1, "too far apart"),
        (slope["low"] <= 1, "too close together"),
        (shift["high"] >= 0, "too high"),
        (shift["low"] <= 0, "too low"),
    ]
    if found := [way for fit, way in fits if not fit]:
        return "warned", f"{text}: probabilities on later leads are {' and '.join(found)}; train again on newer data"
    return "passed", text


def binned_error(case: Case) -> Finding:
    """By tenths of the leads, what was said is near to what happened."""
    error, chance = case.test["expected_calibration_error"], case.test["calibration_error_by_chance"]
    text = (
        f"by tenths of the snapshots, predictions miss what happened by {error['value']:.2%} on average "
        f"({error['low']:.2%} to {error['high']:.2%}); with right ones, as many snapshots would show "
        f"{chance['value']:.2%} ({chance['low']:.2%} to {chance['high']:.2%})"
    )
    if error["value"] <= BINNED_ERROR:
        return "passed", text
    if error["value"] <= chance["high"]:
        return "warned", f"{text}: too few to tell them from right ones to {BINNED_ERROR:.0%}; judge on a longer log"
    return "warned", f"{text}, more than {BINNED_ERROR:.0%}: read scores as an order, less as probabilities"


def segments_calibrated(case: Case) -> Finding:
    """No large group whose probabilities are off beyond chance, by more than one in a hundred and a quarter of it."""
    off, seen = [], 0
    for field in case.metrics["segments"]:
        for segment in field["segments"]:
            gap = segment["calibration_gap"]
            if segment["small"]:
                continue
            seen += 1
            beyond_chance = gap["low"] > 0 or gap["high"] < 0
            if beyond_chance and abs(gap["value"]) > max(0.01, 0.25 * segment["observed"]):
                off.append(
                    f"{field['field']} {segment['value']} ({segment['predicted']:.1%} said, {segment['observed']:.1%} "
                    "converted)"
                )
    if off:
        return "warned", f"probabilities are off for {', '.join(off)}: a feature for the field may help"
    if not seen:
        return "passed", "there is no group of leads large enough to judge by itself"
    return "passed", f"in each of {seen} groups of leads, what was said is what happened, as far as numbers allow"
