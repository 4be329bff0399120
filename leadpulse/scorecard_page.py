"""The scorecard as people read it in a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from leadpulse.scorecard import Explained, Reached


def scorecard_page(found: Explained) -> RenderableType:
    """Rules by what they are worth, tiers with what reaches them soonest, and what should be mended."""
    rules = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("rule", "points", "for each", "at most", "what to know"):
        rules.add_column(name, justify="right" if name in ("points", "at most") else "left", overflow="fold")
    for rule in sorted(found.rules, key=lambda rule: (-rule.best, rule.worst)):
        told = Text(f"never fires: {rule.never}", "bold red") if rule.never else Text(rule.note, "yellow")
        rules.add_row(rule.feature, f"{rule.points:+g}", rule.unit, f"{rule.best + rule.worst:+g}", told)
    tiers = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("tier", "from points", "probability", "reached soonest by"):
        tiers.add_column(name, justify="right" if name in ("from points", "probability") else "left", overflow="fold")
    for tier in found.tiers:
        tiers.add_row(tier.name, f"{tier.points:g}", f"{tier.probability:.1%}", _needs(tier))
    about = Text(
        f"A lead without points has a probability of {found.base_probability:.1%}, every {found.double_odds:g} points "
        f"double the odds, and all rules together give {found.best:g} points: {found.best_probability:.1%}."
    )
    problems = [Text(f"✘ {problem}", "bold red") for problem in found.problems]
    return Group(rules, Text(), tiers, Text(), about, *problems)


def _needs(tier: Reached) -> str:
    return " and ".join(f"{feature} = {units:g}" for feature, units in tier.needs) or "nothing a lead can do"
