"""What leaves for one lead, by `docs/decisions.md`: from its whole history, kept as plain lists.

The score function is handed in; every number after it is a 32-bit float, as the page says.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import xxhash

from tests.oracle.durations import HOUR, milliseconds
from tests.oracle.events import Settings
from tests.oracle.lead import NOTABLE_KEPT, Lead, Verdict
from tests.oracle.matching import Event

Features = Sequence[np.float32]

_CHANGE: Final = 0.25
_RISE: Final = 1.0
_DAY: Final = "24h"
_EXPIRE: Final = "100d"


class Trigger(NamedTuple):
    """Where a record lies; which of its events, where it holds several."""

    topic: str
    partition: int
    offset: int
    part: int = 0


class Tick(NamedTuple):
    """The instant of a sweep."""

    instant: int


@dataclass(frozen=True)
class Scorer:
    """A model. edges: log-odds at which the tiers begin, the highest first. tiers: their names, the lowest last."""

    name: str
    score: Callable[[Features], np.float32]
    edges: tuple[np.float32, ...]
    tiers: tuple[str, ...]

    def place(self, log_odds: np.float32) -> int:
        """The tier, 0 being the highest."""
        return sum(1 for edge in self.edges if log_odds < edge)


class Score(NamedTuple):
    """A score as readers see it."""

    log_odds: np.float32
    tier: str


class Notable(NamedTuple):
    """An occurrence behind an alert. event: XXH3-64 of the event's id, in hex."""

    time: int
    number: int
    event: str


class Alert(NamedTuple):
    """A spike alert. events: the newest first."""

    id: str
    rule: Literal["top_tier", "rise"]
    rise: np.float32
    events: tuple[Notable, ...]


class Emission(NamedTuple):
    """A score change with its alert, if there is one."""

    id: str
    lead: str
    sequence: int
    as_of: int
    cause: Literal["event", "model", "clock"]
    trigger: Trigger | Tick
    score: Score
    previous: Score | None
    features: bytes
    model: str
    alert: Alert | None


class Scored(NamedTuple):
    """A score of the past. log_odds is shifted with every later swap of models."""

    as_of: int
    log_odds: np.float32


class Told(NamedTuple):
    """The last score change. rebased: its log-odds with the shifts of later swaps."""

    score: Score
    rebased: np.float32
    by: Scorer


@dataclass
class Judged:
    """One lead: its events, its scores and what was told of it."""

    settings: Settings
    application: str
    name: str
    lead: Lead = field(init=False)
    past: list[Scored] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    alerted: list[int] = field(default_factory=list)
    by: Scorer | None = None
    log_odds: np.float32 = field(default_factory=lambda: np.float32(0))
    notable: list[Notable] = field(default_factory=list)
    swept: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lead = Lead(self.settings)

    @property
    def as_of(self) -> int:
        """The latest of its events and sweeps."""
        return max([self.lead.as_of, *self.swept])

    def expires(self, tick: int) -> bool:
        """Whether a sweep as of this instant forgets the lead, instead of scoring it."""
        longest = milliseconds(self.settings.get("decay", {}).get("expire", _EXPIRE))
        return self.lead.as_of < tick - longest

    def sweep(self, tick: int, model: Scorer) -> Emission | None:
        """Scores the lead as of this instant, unless there is something of it at or after that; what leaves of it."""
        if self.as_of >= tick:
            return None
        if self.by is not None and self.by.name != model.name:
            self._rebase(model, model.score(self.lead.vector(self.as_of)))
        self.swept.append(tick)
        emission = self._judge(Tick(tick), model)
        self.by = model
        return emission

    def arrive(self, event: Event, trigger: Trigger, model: Scorer) -> tuple[Verdict, Emission | None]:
        """Takes an event in, which `model` scores; what leaves because of it."""
        swapped = self.by is not None and self.by.name != model.name
        before = self.lead.vector(self.as_of) if swapped else None
        verdict = self.lead.arrive(event)
        if verdict != "counted":
            return verdict, None
        self._note(event)
        if before is not None:
            self._rebase(model, model.score(before))
        emission = self._judge(trigger, model)
        self.by = model
        return verdict, emission

    def _note(self, event: Event) -> None:
        numbers = {each["name"]: each["number"] for each in self.settings["observed"]["signals"] if each.get("notable")}
        said = self.lead.counted[-1]
        name = xxhash.xxh3_64_hexdigest(event["id"].encode())
        self.notable += [Notable(said.time, numbers[each], name) for each in said.signals if each in numbers]

    def _rebase(self, model: Scorer, now: np.float32) -> None:
        shift = np.float32(now - self.log_odds)
        self.past = [each._replace(log_odds=np.float32(each.log_odds + shift)) for each in self.past]
        self.told = [
            each._replace(
                # A score by this very model needs no shift, whatever scored in between.
                rebased=each.score.log_odds if each.by.name == model.name else np.float32(each.rebased + shift)
            )
            for each in self.told
        ]
        self.log_odds = now

    def _judge(self, trigger: Trigger | Tick, model: Scorer) -> Emission | None:
        as_of = self.as_of
        features = self.lead.vector(as_of)
        now = model.score(features)
        tier = model.place(now)
        entered = tier == 0 and (not self.past or model.place(self.log_odds) != 0)
        rise = self._rise(now, as_of)
        alert = self._alert(trigger, entered, rise) if isinstance(trigger, Trigger) else None
        cause = self._cause(now, tier, model, trigger) if alert is None else "event"
        self.past.append(Scored(as_of, now))
        self.log_odds = now
        if cause is None:
            return None
        previous = self.told[-1].score if self.told else None
        score = Score(now, model.tiers[tier])
        self.told.append(Told(score, now, model))
        return Emission(
            id=self._id("change", trigger),
            lead=self.name,
            sequence=len(self.told),
            as_of=as_of,
            cause=cause,
            trigger=trigger,
            score=score,
            previous=previous,
            features=np.array(features, np.float32).tobytes(),
            model=model.name,
            alert=alert,
        )

    def _rise(self, now: np.float32, as_of: int) -> np.float32:
        window = milliseconds(self._spike("window", _DAY)) // HOUR
        inside = [each.log_odds for each in self.past if as_of // HOUR - each.as_of // HOUR <= window]
        return max(np.float32(0), np.float32(now - min(inside))) if inside else np.float32(0)

    def _alert(self, trigger: Trigger, entered: bool, rise: np.float32) -> Alert | None:
        cooldown = milliseconds(self._spike("cooldown", _DAY))
        if self.lead.converted or (self.alerted and self.as_of - self.alerted[-1] < cooldown):
            return None
        if not entered and rise < np.float32(self._spike("rise_log_odds", _RISE)):
            return None
        self.alerted.append(self.as_of)
        rule: Literal["top_tier", "rise"] = "top_tier" if entered else "rise"
        events = sorted(self.notable)[-NOTABLE_KEPT:][::-1]
        return Alert(self._id("alert", trigger, rule), rule, rise, tuple(events))

    def _cause(
        self, now: np.float32, tier: int, model: Scorer, trigger: Trigger | Tick
    ) -> Literal["event", "model", "clock"] | None:
        if not self.told:
            return "event"
        last = self.told[-1]
        least = np.float32(self.settings.get("decisions", {}).get("change_log_odds", _CHANGE))
        if abs(np.float32(now - last.rebased)) >= least or tier != model.place(last.rebased):
            return "clock" if isinstance(trigger, Tick) else "event"
        if abs(np.float32(now - last.score.log_odds)) >= least or model.tiers[tier] != last.score.tier:
            return "model"
        return None

    def _spike(self, key: str, default: Any) -> Any:
        return self.settings.get("decisions", {}).get("spike", {}).get(key, default)

    def _id(self, kind: str, trigger: Trigger | Tick, rule: str = "") -> str:
        return output_id(self.application, kind, self.name, trigger, rule)


def output_id(application: str, kind: str, lead: str, trigger: Trigger | Tick, rule: str = "") -> str:
    """128 bits of BLAKE2b over the parts, each followed by a NUL, in hex."""
    digest = hashlib.blake2b(digest_size=16)
    by = [f"tick:{trigger.instant}"] if isinstance(trigger, Tick) else [str(part) for part in trigger[:3]]
    if isinstance(trigger, Trigger) and trigger.part:
        by.append(str(trigger.part))
    for part in (application, kind, lead, *by, rule):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
