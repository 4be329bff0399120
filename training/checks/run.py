"""The gate: named checks over what was trained. One that blocks keeps the model out of force; all are in the report."""

from collections.abc import Callable
from typing import Final

from training.checks.case import Case, Finding
from training.checks.data import apart, constant, drift, enough_data, post_outcome, single_feature
from training.checks.files import same_as_fitted, tiers_hold
from training.checks.probabilities import binned_error, calibrated, segments_calibrated
from training.checks.ranking import better_than_chance, better_than_rules, plausible, replaces_tuned_rules
from training.checks.treatment import importance_shift, segments_selected

CHECKS: Final[tuple[tuple[str, str, Callable[[Case], Finding]], ...]] = (
    ("enough_data", "Enough leads and conversions", enough_data),
    ("slices_apart", "Nothing is shared between the slices", apart),
    ("single_feature_leak", "No feature gives the answer away", single_feature),
    ("post_outcome_field", "No field from after the outcome", post_outcome),
    ("constant_feature", "Every feature tells something", constant),
    ("implausible_auc", "Not too good to be true", plausible),
    ("better_than_chance", "Better than chance and the base rate", better_than_chance),
    ("better_than_rules", "Better than the rules", better_than_rules),
    ("replaces_tuned_rules", "Good enough to replace well-tuned rules", replaces_tuned_rules),
    ("calibration", "Probabilities mean what they say", calibrated),
    ("calibration_error", "Probabilities hold from the lowest to the highest", binned_error),
    ("segment_calibration", "Probabilities hold in every group of leads", segments_calibrated),
    ("segment_selection", "Groups of leads are treated alike", segments_selected),
    ("drift", "Later leads are like those learned from", drift),
    ("importance_shift", "It looks at the same things as the model before", importance_shift),
    ("parity", "The files compute what was fitted", same_as_fitted),
    ("tiers", "Tiers hold the shares wanted", tiers_hold),
)


def run_checks(case: Case) -> tuple[dict[str, str], ...]:
    """Each check with its verdict and a sentence. A check that fails to run blocks."""
    results = []
    for code, title, check in CHECKS:
        try:
            verdict, sentence = check(case)
        except Exception as error:  # whatever went wrong, the check has not passed
            verdict, sentence = "blocked", f"the check itself failed: {type(error).__name__}: {error}"
        results.append({"code": code, "title": title, "verdict": verdict, "sentence": sentence})
    return tuple(results)
