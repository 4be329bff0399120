"""Checks of what is exported: files that compute what was fitted, and tiers that hold what was asked for."""

from typing import Final

from training.bands import share_above
from training.checks.case import Case, Finding

SHARE_GAP: Final = 0.02
VOLUME_GAP: Final = 0.1


def same_as_fitted(case: Case) -> Finding:
    """The files compute what was fitted."""
    parity = case.parity
    text = (
        f"over {parity.rows} rows 99.9% of probabilities agree to {parity.probability:.1e}, of contributions to "
        f"{parity.contributions:.1e} and of log-odds to {parity.log_odds:.1e} (worst {parity.log_odds_worst:.1e}), "
        f"{parity.flips} rows change tier, contributions sum to the log-odds within {parity.sums:.1e}"
    )
    return ("passed" if parity.holds else "blocked"), text


def tiers_hold(case: Case) -> Finding:
    """Each tier holds the share of leads that the team has capacity for."""
    found = [share_above(case.reference, band) for band in case.tiers.above]
    volume = case.metrics["leads_a_day"]
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
        if tier.per_day is not None and abs(volume[tier.name] - tier.per_day) > VOLUME_GAP * tier.per_day:
            return "warned", (
                f"{volume[tier.name]:.1f} leads a day reach {tier.name}, {tier.per_day:g} were asked for: of "
                f"{volume['all']:.1f} that come, equal scores cannot be parted"
            )
    if case.wanted.above[0].per_day is not None:
        told = ", ".join(f"{band.name} {volume[band.name]:.1f}" for band in case.tiers.above)
        return "passed", f"leads a day that reach a tier or a higher one: {told}, of {volume['all']:.1f} that come"
    return "passed", f"{text} of the reference population in or above"
