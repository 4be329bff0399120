"""Checks of the order that a model puts leads in: against chance, against the rules, against what can be known."""

from typing import Final

from training.checks.case import Case, Finding
from training.leaks import IMPLAUSIBLE_AUC

TUNED_RULES: Final = 0.8
"""What practitioners ask of a model before it replaces rules that a team has tuned."""


def plausible(case: Case) -> Finding:
    """Not better than the future can be known."""
    found = case.test["auc"]["value"]
    if found > IMPLAUSIBLE_AUC:
        return "blocked", (
            f"the AUC on later leads is {found:.3f}, above {IMPLAUSIBLE_AUC}: features know the outcome; look for "
            "signals that happen because of the conversion"
        )
    return "passed", f"the AUC on later leads is {found:.3f}; above {IMPLAUSIBLE_AUC} features would know the outcome"


def better_than_chance(case: Case) -> Finding:
    """Better than chance in order, at one moment of life as well, and than the base rate in probability."""
    area, skill = case.test["auc"], case.test["brier_skill"]
    text = (
        f"AUC {area['value']:.3f} ({area['low']:.3f} to {area['high']:.3f}), "
        f"Brier skill {skill['value']:.4f} ({skill['low']:.4f} to {skill['high']:.4f})"
    )
    if area["low"] <= 0.5:
        return "blocked", f"{text}: no better than chance on later leads; add signals or a longer log"
    within = case.test.get("auc_within_moments")
    if within is None:
        return "blocked", f"{text}: at no moment are there both leads that convert and others, so it cannot be told"
    if within["low"] <= 0.5:
        return "blocked", (
            f"{text}: no better than chance between leads of the same age, by an AUC of {within['value']:.3f} "
            f"({within['low']:.3f} to {within['high']:.3f}): it only knows that leads which stay grow old; add signals"
        )
    if skill["high"] <= 0:
        return "blocked", f"{text}: its probabilities are worse than the base rate for everybody"
    if skill["low"] <= 0:
        return "warned", f"{text}: its probabilities may be no better than the base rate"
    return "passed", text


def better_than_rules(case: Case) -> Finding:
    """Better in order than the scorecard on the same leads; what promotion asks for is more, and said by its gate."""
    area, rules = case.test["auc"]["value"], case.metrics["rules"]["auc"]["value"]
    text = f"the model's AUC on later leads is {area:.3f}, that of the rules scorecard on the same leads {rules:.3f}"
    if area <= rules:
        return "warned", f"{text}: the rules order leads as well without any training"
    return "passed", text


def replaces_tuned_rules(case: Case) -> Finding:
    """The AUC that practitioners ask for."""
    found = case.test["auc"]["value"]
    if found < TUNED_RULES:
        return "warned", (
            f"the AUC on later leads is {found:.3f}, below the {TUNED_RULES} that practitioners ask before a model "
            "replaces rules that a team has tuned; use it beside them, or add signals"
        )
    return (
        "passed",
        f"the AUC on later leads is {found:.3f}; practitioners ask for {TUNED_RULES} to replace tuned rules",
    )
