"""What a scorecard says, worked out: each rule's worth, what a lead needs for a tier, and what can never happen."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from schemas.features import ActiveDays, Breadth, Feature, Landing, Profile, Recency, Tenure
from schemas.features import Sequence as Followed
from schemas.settings import Settings
from schemas.signals import LandingPage, Match, Signal
from schemas.times import DAY
from stream.core.features import HOURS_LIMIT
from stream.core.wording import Wording

_WILD: Final = "*?["


@dataclass(frozen=True)
class Told:
    """A rule. unit: one unit of its feature in words. most: the most units that count. best, worst: points it can give.

    never: why it can never add or take a point. note: what may not be meant; both empty for most rules.
    """

    feature: str
    unit: str
    points: float
    most: float
    best: float
    worst: float
    never: str
    note: str
    field: str
    """The profile field of which it wants one value: of such rules a lead can meet one. Empty for others."""


@dataclass(frozen=True)
class Reached:
    """A tier. points: where it begins. probability: what the scorecard says there. needs: the fewest rules that reach
    it, with units of each; empty where no lead can, or every lead does (`points` is then 0 or less).
    """

    name: str
    points: float
    probability: float
    needs: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Explained:
    """A scorecard. best: the points of a lead that has everything. problems: what should be mended, as sentences."""

    base_probability: float
    double_odds: float
    best: float
    best_probability: float
    rules: tuple[Told, ...]
    tiers: tuple[Reached, ...]
    problems: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As `leadpulse rules check --json` prints it."""
        return asdict(self)


def explain(settings: Settings) -> Explained:
    """Everything there is to know of the scorecard without a single lead."""
    card, features = settings.scorecard, {feature.name: feature for feature in settings.features}
    places = {feature.name: place for place, feature in enumerate(settings.features)}
    wording = Wording(settings)
    rules = []
    for rule in card.rules:
        feature = features[rule.feature]
        never = "it gives no points" if rule.points == 0 else _never(feature, settings)
        units = 0.0 if never else min(rule.most, largest(feature))
        worth = rule.points * units
        told = wording.describe(places[rule.feature], min(1.0, rule.most))
        note = _note(feature, rule.points, rule.most)
        field = feature.field if isinstance(feature, Profile) and feature.equals is not None else ""
        best, worst = max(0.0, worth), min(0.0, worth)
        rules.append(Told(rule.feature, told, rule.points, rule.most, best, worst, never, note, field))
    best = sum(rule.best for rule in _compatible(rules))
    tiers = tuple(
        Reached(tier.name, points, _probability(settings, points), _fewest(rules, points))
        for tier, points in zip(settings.tiers.above, card.tiers, strict=True)
    )
    problems = [f"{rule.feature} can never fire: {rule.never}" for rule in rules if rule.never]
    problems += [
        f"no lead can reach the tier {tier.name}: it begins at {tier.points:g} points, and all rules together give "
        f"{best:g}; lower scorecard.tiers or raise points"
        for tier in tiers
        if tier.points > best
    ]
    problems += [
        f"every new lead is in the tier {tier.name}: it begins at {tier.points:g} points; raise scorecard.tiers"
        for tier in tiers
        if tier.points <= 0
    ]
    return Explained(
        card.base_probability,
        card.double_odds,
        best,
        _probability(settings, best),
        tuple(rules),
        tiers,
        tuple(problems),
    )


def largest(feature: Feature) -> float:
    """The largest value that the feature can have; infinite for what has no limit."""
    if isinstance(feature, ActiveDays):
        return feature.window // DAY + 1  # a window of seven days touches eight calendar days
    if isinstance(feature, Recency | Tenure):
        return HOURS_LIMIT
    if isinstance(feature, Breadth):
        return math.inf if not feature.signals else float(len(feature.signals))
    if isinstance(feature, Followed | Landing) or (isinstance(feature, Profile) and feature.equals is not None):
        return 1.0
    return math.inf


def _probability(settings: Settings, points: float) -> float:
    base = settings.scorecard.base_probability
    odds = base / (1 - base) * 2 ** (points / settings.scorecard.double_odds)
    return odds / (1 + odds)


def _compatible(rules: Sequence[Told]) -> list[Told]:
    """The rules that one lead can meet together, the greatest worth first: a profile field has one value."""
    found: list[Told] = []
    for rule in sorted(rules, key=lambda rule: (-rule.best, rule.feature)):
        if not rule.field or rule.field not in {each.field for each in found}:
            found.append(rule)
    return found


def _fewest(rules: Sequence[Told], points: float) -> tuple[tuple[str, float], ...]:
    """The rules of the greatest worth, as many as it takes, and of the last one no more units than it takes."""
    needs: list[tuple[str, float]] = []
    compatible = _compatible(rules)
    if points <= 0 or points > sum(rule.best for rule in compatible):
        return ()
    for rule in compatible:
        if points <= rule.best:
            units = float(math.ceil(round(points / rule.points, 9)))
            needs.append((rule.feature, min(units, rule.best / rule.points)))
            break
        needs.append((rule.feature, rule.best / rule.points))
        points -= rule.best
    return tuple(needs)


def _never(feature: Feature, settings: Settings) -> str:
    """Why no event can make the feature other than 0; empty where one can."""
    if isinstance(feature, Landing):
        return _shadowed(feature.page, settings.observed.landing)
    signals = {signal.name: signal for signal in settings.observed.signals}
    if isinstance(feature, Followed):
        for several in (feature.first, feature.then):
            if all(_dead(signals[name]) for name in several):
                return f"the signal {several[0]} matches no event: {_dead(signals[several[0]])}"
        return ""
    if isinstance(feature, Tenure | Profile | Recency):
        return ""
    names = feature.signals
    if names and all(_dead(signals[name]) for name in names):
        return f"the signal {names[0]} matches no event: {_dead(signals[names[0]])}"
    return ""


def _dead(signal: Signal) -> str:
    """Why none of the signal's ways fits an event of its channel; empty where one does."""
    if signal.channel == "web" or any(_fits_without_path(way) for way in signal.match):
        return ""
    return f"events of the channel {signal.channel} have no path, and it asks for {signal.match[0].path}"


def _fits_without_path(way: Match) -> bool:
    return way.path.strip("*") == ""


def _shadowed(page: str, pages: Sequence[LandingPage]) -> str:
    """Whether every path of the landing pages of this name is taken by an entry that stands before it."""
    for place, entry in enumerate(pages):
        if entry.name == page and not any(_covers(before.path, entry.path) for before in pages[:place]):
            return ""
    return f"an entry before it takes every path of the landing page {page}; put {page} first"


def _covers(earlier: str, later: str) -> bool:
    """Whether the earlier pattern takes all that the later one fits, as far as a prefix shows it."""
    prefix = earlier.removesuffix("*")
    if any(sign in prefix for sign in _WILD):
        return earlier == later
    return earlier == later or (earlier.endswith("*") and later.startswith(prefix))


def _note(feature: Feature, points: float, most: float) -> str:
    if isinstance(feature, Recency) and points > 0:
        return "it gives most to leads who never did it: take an intensity, or negative points"
    limit = largest(feature)
    if most > limit:
        return f"more than {limit:g} does not occur, so the cap of {most:g} has no say"
    return ""
