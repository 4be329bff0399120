"""Checks of what was learned from: enough, nothing shared, nothing that gives the answer away, nothing outdated."""

from typing import Final

import numpy as np

from training.checks.case import Case, Finding
from training.drift import MUCH
from training.leaks import named_features, strength, telling_features
from training.split import converted_leads, lead_count

FEW_CONVERSIONS: Final = 50
NAMED: Final = 5


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
    leaks = telling_features(case.usable, train)
    if leaks and leaks[0].verdict == "blocked":
        return "blocked", "; ".join(leak.sentence for leak in leaks if leak.verdict == "blocked")
    if leaks:
        return "warned", f"{leaks[0].sentence}{f' (and {len(leaks) - 1} more)' if len(leaks) > 1 else ''}"
    found = [(strength(train.features[:, f], train).auc, name) for f, name in enumerate(case.usable) if name]
    return "passed", f"the strongest feature alone is {max(found)[1]} with an AUC of {max(found)[0]:.3f}"


def post_outcome(case: Case) -> Finding:
    """No feature from a field that people fill in once they know the outcome."""
    leaks = named_features(case.suspects, case.usable, case.slices.train)
    if leaks:
        return leaks[0].verdict, "; ".join(leak.sentence for leak in leaks)
    return "passed", "no feature is named like a status, a stage, an owner, a close date or a deal's end"


def constant(case: Case) -> Finding:
    """No feature that says the same of everybody."""
    train = case.slices.train
    flat = [name for f, name in enumerate(case.usable) if name and not np.ptp(train.features[:, f])]
    if flat:
        named = ", ".join(flat[:NAMED])
        more = f" and {len(flat) - NAMED} more" if len(flat) > NAMED else ""
        return "warned", (
            f"{named}{more} {'is' if len(flat) == 1 else 'are'} the same for every lead trained on, so nothing is "
            "learned from it: check what the signal matches, or leave it out"
        )
    return "passed", "every feature differs between leads"


def drift(case: Case) -> Finding:
    """Features as they were, by the population stability index."""
    found = {name: each["psi"] for name, each in case.metrics["drift"]["features"].items()}
    moved = sorted((name for name in found if found[name] > MUCH), key=lambda name: -found[name])
    strongest = max(found, key=lambda name: found[name])
    if moved:
        named = ", ".join(f"{name} ({found[name]:.2f})" for name in moved[:NAMED])
        more = f" and {len(moved) - NAMED} more" if len(moved) > NAMED else ""
        return "warned", (
            f"later leads differ from those trained on in {named}{more}: a stability index above {MUCH} is much; look "
            "for a change of campaign, tracking or product, and train again once newer outcomes are known"
        )
    return (
        "passed",
        f"no feature has moved by a stability index above {MUCH}; the most, {strongest}, by {found[strongest]:.2f}",
    )
