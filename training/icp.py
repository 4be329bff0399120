"""The ideal customer profile: which values of the profile fields the won and the top-scored leads share.

Lift is a value's share in the group over its share among all leads of the population, so also how many times as often
its leads are in the group. Its 95% interval is that of 4,000 draws of the four shares (in the group or not, with the
value or not) from their Dirichlet distribution given the counts and Jeffreys' prior of a half each, which stays honest
where a count is 0. Each lead counts once.

- Won: leads with the outcome, among all. Only what was told of a lead before its outcome counts.
- Top-scored: the open leads with the highest scores when the log ended, among all open ones.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from schemas.settings import Settings
from schemas.signals import ProfileField
from stream.core.columns import Columns
from stream.core.features import Vector
from stream.core.lead import LATER, Flags, Ints
from stream.core.model import Model
from stream.core.plan import build_plan
from stream.core.replay import replay
from training.log import EventLog
from training.refusal import TrainingRefused

DRAWS: Final = 4_000
FEW: Final = 30
"""Values of fewer leads are marked: what they show is mostly chance."""
BANDS: Final = 4
UNKNOWN: Final = "not known"
OTHER: Final = "another value"
_NEVER: Final = -(1 << 62)


@dataclass(frozen=True)
class Trait:
    """A value of a field. leads, members: how many have it, of all and of the group. share, group_share: of each.

    log_odds_ratio: of being in the group, with the value against without, a half added to each count.
    value: the mean worth of the outcomes of its won leads, where outcomes have one.
    """

    field: str
    value: str
    kind: str
    leads: int
    members: int
    share: float
    group_share: float
    lift: float
    low: float
    high: float
    log_odds_ratio: float
    few: bool
    mean_worth: float | None

    @property
    def tells(self) -> bool:
        """Whether its lift is not chance."""
        return not self.few and (self.low > 1 or self.high < 1)


@dataclass(frozen=True)
class Profile:
    """leads, won, open, top: how many there are of each."""

    leads: int
    won_leads: int
    open_leads: int
    top_leads: int
    won: tuple[Trait, ...]
    top: tuple[Trait, ...]

    def plain(self) -> dict[str, Any]:
        """As `leadpulse icp --json` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class _Leads:
    """By lead. told [leads, fields]: thousandths or codes, _NEVER where nobody told."""

    known: Flags
    won: Flags
    open: Flags
    log_odds: Vector
    told: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    worth: np.ndarray[tuple[int], np.dtype[np.float64]]


def find_profile(settings: Settings, log: EventLog, model: Model, top: float, seed: int = 0) -> Profile:
    """`top`: the share of the open leads that counts as top-scored. Raises TrainingRefused where there is no field."""
    fields = settings.observed.profile
    if not fields:
        raise TrainingRefused("the settings have no profile fields: name some in observed.profile")
    leads = _gather(settings, log, model)
    if not leads.won.any():
        raise TrainingRefused("no lead has the outcome: check observed.outcome and target in the settings")
    scores = leads.log_odds[leads.open]
    first = np.zeros(len(leads.known), np.bool_)
    if len(scores):
        first[leads.open] = scores >= np.quantile(scores, 1 - top, method="higher")
    random = np.random.default_rng(seed)
    return Profile(
        leads=int(leads.known.sum()),
        won_leads=int(leads.won.sum()),
        open_leads=int(leads.open.sum()),
        top_leads=int(first.sum()),
        won=_traits(fields, leads, leads.won, leads.known, random),
        top=_traits(fields, leads, first, leads.open, random),
    )


def _gather(settings: Settings, log: EventLog, model: Model) -> _Leads:
    fields, lives, plan = settings.observed.profile, log.lives, build_plan(settings)
    known = lives.first < LATER
    ended = np.minimum(lives.outcome, lives.ended)
    told = np.full((len(known), len(fields)), _NEVER, np.int64)
    log_odds = np.full(len(known), -np.inf, np.float32)
    for columns in log.by_part():
        _tell(columns, [field.number for field in fields], ended, told)
        here = np.unique(columns.lead)
        here = here[ended[here] == LATER]
        features = replay(columns, here, np.full(len(here), log.end + 1, np.int64), plan)
        log_odds[here] = model.score(features)[0]
    return _Leads(known, known & (lives.outcome < LATER), known & (ended == LATER), log_odds, told, lives.value)


def _tell(columns: Columns, numbers: Sequence[int], ended: Ints, told: np.ndarray) -> None:
    """The latest value of each field before the lead's end; of two at one time the larger counts, as in the worker."""
    event = np.repeat(np.arange(len(columns.lead)), np.diff(columns.tell_at))
    lead, time = columns.lead[event], columns.time[event]
    order = np.lexsort((columns.tell_value, time))
    for place, number in enumerate(numbers):
        chosen = order[(columns.tell_field[order] == number) & (time[order] < ended[lead[order]])]
        told[lead[chosen], place] = columns.tell_value[chosen]  # of several for one lead the last one stays


def _traits(
    fields: Sequence[ProfileField], leads: _Leads, group: Flags, population: Flags, random: np.random.Generator
) -> tuple[Trait, ...]:
    found = []
    for place, field in enumerate(fields):
        names, code = _values(field, leads.told[:, place])
        rows = [_trait(field, name, code == i, leads, group, population, random) for i, name in enumerate(names)]
        found += sorted(
            (row for row in rows if row.leads), key=lambda row: (row.value == UNKNOWN, -row.lift, row.value)
        )
    return tuple(found)


def _values(field: ProfileField, told: Ints) -> tuple[list[str], Ints]:
    """Names of the values or bands, and the place of each lead's; the last is of those that nobody told."""
    if field.kind == "category":
        names = [OTHER, *field.values]
        return [*names, UNKNOWN], np.where(told == _NEVER, len(names), told)
    values = told[told != _NEVER] / 1_000
    if not len(values):
        return [UNKNOWN], np.zeros(len(told), np.int64)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BANDS + 1)[1:-1], method="higher"))
    edges = edges[edges > values.min()]
    names = _bands(edges)
    band = np.searchsorted(edges, told / 1_000, side="right")
    return [*names, UNKNOWN], np.where(told == _NEVER, len(names), band)


def _bands(edges: np.ndarray) -> list[str]:
    """Names of the bands; the upper edge belongs to the next one."""
    shown = [f"{edge:g}" for edge in edges.tolist()]
    if not shown:
        return ["any"]
    between = [f"{low} to under {high}" for low, high in pairwise(shown)]
    return [f"under {shown[0]}", *between, f"{shown[-1]} and more"]


def _trait(
    field: ProfileField,
    name: str,
    has: Flags,
    leads: _Leads,
    group: Flags,
    population: Flags,
    random: np.random.Generator,
) -> Trait:
    a, b = int((has & group & population).sum()), int((has & ~group & population).sum())
    c, d = int((~has & group & population).sum()), int((~has & ~group & population).sum())
    total = a + b + c + d
    draws = random.dirichlet(np.array([a, b, c, d]) + 0.5, DRAWS)
    lifts = draws[:, 0] / (draws[:, 0] + draws[:, 2]) / (draws[:, 0] + draws[:, 1])
    low, high = np.percentile(lifts, (2.5, 97.5))
    share, group_share = (a + b) / max(1, total), a / max(1, a + c)
    worth = leads.worth[has & leads.won & ~np.isnan(leads.worth)]
    return Trait(
        field=field.name,
        value=name,
        kind=field.kind,
        leads=a + b,
        members=a,
        share=round(share, 6),
        group_share=round(group_share, 6),
        lift=round(group_share / share, 6) if share else 0.0,
        low=round(float(low), 6),
        high=round(float(high), 6),
        log_odds_ratio=round(math.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))), 6),
        few=a + b < FEW,
        mean_worth=round(float(worth.mean()), 2) if len(worth) else None,
    )
