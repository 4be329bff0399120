"""The gate: named checks over what was trained. One that blocks keeps the model out of force; all are in the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from schemas.manifest import ModelTiers
from schemas.settings import Tiers
from stream.core.features import Vector
from training.bands import share_above
from training.calibration import Sigmoid
from training.figures import auc
from training.parity import Parity
from training.snapshots import Snapshots
from training.split import Floor, Slices, converted_leads, lead_count

Verdict = Literal["passed", "warned", "blocked"]
Finding = tuple[Verdict, str]

IMPLAUSIBLE_AUC: Final = 0.95
TELLING_RATE: Final = 0.9
TELLING_LEADS: Final = 20
BY_CHANCE: Final = 1e-6
SLOPE_BOUNDS: Final = (0.5, 2.0)
PARITY_PROBABILITY: Final = 1e-5
PARITY_CONTRIBUTIONS: Final = 1e-4
SHARE_GAP: Final = 0.02
FEW_CONVERSIONS: Final = 50


@dataclass(frozen=True)
class Case:
    """What the checks judge."""

    names: Sequence[str]
    slices: Slices
    within: int
    floor: Floor
    sigmoid: Sigmoid
    test: dict[str, Any]
    """Figures of the test slice."""
    parity: Parity
    wanted: Tiers
    tiers: ModelTiers
    reference: Vector


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


def enough_data(case: Case) -> Finding:
    """Enough leads and conversions to fit, and to judge by."""
    leads, conversions = lead_count(case.slices.train), converted_leads(case.slices.train)
    judged = converted_leads(case.slices.test)
    text = f"trained on {leads} leads of which {conversions} convert, judged by {judged} leads that convert"
    if leads < case.floor.leads or conversions < case.floor.conversions:
        return "blocked", f"{text}; the least is {case.floor.leads} and {case.floor.conversions}"
    if judged < FEW_CONVERSIONS:
        return "warned", f"{text}: fewer than {FEW_CONVERSIONS}, so the figures are rough"
    return "passed", text


def apart(case: Case) -> Finding:
    """No lead in two slices, and no training label from the time of the test slice."""
    slices = case.slices
    parts = [set(part.lead.tolist()) for part in (slices.train, slices.calibration, slices.test)]
    shared = len(parts[0] & parts[1]) + len(parts[0] & parts[2]) + len(parts[1] & parts[2])
    latest = max(int(part.time.max()) for part in (slices.train, slices.calibration)) + case.within
    if shared or latest > slices.test_begin or latest > int(slices.test.time.min()):
        return "blocked", f"{shared} leads are in two slices, or a label reaches into the test slice"
    return (
        "passed",
        f"no lead is in two slices; {slices.embargoed} snapshots with labels from the test's time were left out",
    )


def single_feature(case: Case) -> Finding:
    """No feature that alone gives the answer away."""
    train = case.slices.train
    found = [text for f, name in enumerate(case.names) if (text := _gives_away(name, train.features[:, f], train))]
    if found:
        return "blocked", "; ".join(found)
    silent = [text for f, name in enumerate(case.names) if (text := _excludes(name, train.features[:, f], train))]
    if silent:
        return "warned", f"{silent[0]}{f' (and {len(silent) - 1} more)' if len(silent) > 1 else ''}"
    best = max((_strength(train.features[:, f], train), name) for f, name in enumerate(case.names))
    return "passed", f"the strongest feature alone is {best[1]} with an AUC of {best[0]:.3f}"


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
    """Better than chance in order, and than the base rate in probability."""
    area, skill = case.test["auc"], case.test["brier_skill"]
    text = (
        f"AUC {area['value']:.3f} ({area['low']:.3f} to {area['high']:.3f}), "
        f"Brier skill {skill['value']:.4f} ({skill['low']:.4f} to {skill['high']:.4f})"
    )
    if area["low"] <= 0.5:
        return "blocked", f"{text}: no better than chance on later leads; add signals or a longer log"
    if skill["high"] <= 0:
        return "blocked", f"{text}: its probabilities are worse than the base rate for everybody"
    if skill["low"] <= 0:
        return "warned", f"{text}: its probabilities may be no better than the base rate"
    return "passed", text


def calibrated(case: Case) -> Finding:
    """Of the leads at p, about p convert."""
    if case.sigmoid.slope <= 0:
        return "blocked", f"the calibration's slope is {case.sigmoid.slope:.3f}: later leads contradict the model"
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


def same_as_fitted(case: Case) -> Finding:
    """The files compute what was fitted."""
    parity = case.parity
    text = (
        f"over {parity.rows} rows 99.9% of probabilities agree to {parity.probability:.1e} and of log-odds to "
        f"{parity.log_odds:.1e} (worst {parity.log_odds_worst:.1e}), {parity.flips} rows change tier, "
        f"contributions sum to the log-odds within {parity.contributions:.1e}"
    )
    good = (
        parity.probability <= PARITY_PROBABILITY
        and parity.contributions <= PARITY_CONTRIBUTIONS
        and parity.flips == 0
        and parity.rows >= 10_000
    )
    return ("passed" if good else "blocked"), text


def tiers_hold(case: Case) -> Finding:
    """Each tier holds the share of leads that the team has capacity for."""
    found = [share_above(case.reference, band) for band in case.tiers.above]
    text = ", ".join(f"{band.name} {share:.1%}" for band, share in zip(case.tiers.above, found, strict=True))
    edges = [band.log_odds for band in case.tiers.above]
    if edges != sorted(set(edges), reverse=True):
        return "warned", f"{text} in or above: two tiers begin at one score, since many leads have equal scores"
    for tier, share in zip(case.wanted.above, found, strict=True):
        if tier.share is not None and abs(share - tier.share) > SHARE_GAP:
            return (
                "warned",
                f"{text} in or above; {tier.name} was to be {tier.share:.0%}, but equal scores cannot be parted",
            )
    return "passed", f"{text} of the reference population in or above"


CHECKS: Final[tuple[tuple[str, str, Callable[[Case], Finding]], ...]] = (
    ("enough_data", "Enough leads and conversions", enough_data),
    ("slices_apart", "Nothing is shared between the slices", apart),
    ("single_feature_leak", "No feature gives the answer away", single_feature),
    ("implausible_auc", "Not too good to be true", plausible),
    ("better_than_chance", "Better than chance and the base rate", better_than_chance),
    ("calibration", "Probabilities mean what they say", calibrated),
    ("parity", "The files compute what was fitted", same_as_fitted),
    ("tiers", "Tiers hold the shares wanted", tiers_hold),
)


def _strength(values: Vector, train: Snapshots) -> float:
    found = auc(values.astype(np.float64), train.label)
    return max(found, 1 - found)


def _gives_away(name: str, values: Vector, train: Snapshots) -> str:
    strength = _strength(values, train)
    remedy = f"if its signal follows from the conversion, leave {name} out"
    if strength >= IMPLAUSIBLE_AUC:
        return f"{name} alone has an AUC of {strength:.3f} (the limit is {IMPLAUSIBLE_AUC}): {remedy}"
    shows = values != 0
    leads, rate = len(np.unique(train.lead[shows])), float(train.label[shows].mean()) if shows.any() else 0.0
    base = float(train.label.mean())
    certain = rate == 1 and base**leads < BY_CHANCE
    if leads >= TELLING_LEADS and (certain or (rate >= TELLING_RATE and base < 0.5)):
        return (
            f"{name} is not zero for {leads} leads, in {int(shows.sum())} snapshots of which {rate:.1%} convert "
            f"(of all {base:.1%}): {remedy}"
        )
    return ""


def _excludes(name: str, values: Vector, train: Snapshots) -> str:
    shows = values != 0
    leads, base = len(np.unique(train.lead[shows])), float(train.label.mean())
    if not shows.any() or train.label[shows].any() or (1 - base) ** leads >= BY_CHANCE:
        return ""
    return (
        f"{name} is not zero for {leads} leads, none of whom converts: be sure that it does not follow from the outcome"
    )
