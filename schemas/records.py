"""The output records: what subscribers may rely on. Fields are only ever added."""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.strict import Reader

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OUTPUT_ID_PATTERN: Final = r"^[0-9a-f]{32}$"
OutputId = Annotated[str, Field(pattern=OUTPUT_ID_PATTERN, examples=["8d0c1b7be7d35fb1b8b3a4c7cbb4c9de"])]
Cause = Literal["event", "model", "clock"]


class Score(Reader):
    """A score of one target at one instant."""

    probability: Annotated[float, Field(ge=0, le=1, examples=[0.083])]
    """The calibrated probability."""
    score: Annotated[float, Field(ge=0, le=100, examples=[8.3])]
    """100 x probability."""
    log_odds: Annotated[float, Field(examples=[-2.4])]
    """The natural logarithm of probability / (1 - probability), as the model gave it (32 bits)."""
    percentile: Annotated[int | None, Field(ge=0, le=100, examples=[93])]
    """The share of the model's reference population below, in whole percent; null where the model has none (rules)."""
    tier: Annotated[str, Field(examples=["hot"])]
    """The band."""


class CurrentScore(Score):
    """A score beside the one last emitted."""

    previous: Score | None
    """The score of the lead's record before this one; null in its first."""


class Driver(Reader):
    """One reason."""

    feature: str
    """The feature."""
    value: float
    """Its value now."""
    contribution: float
    """What it adds to the log-odds now, against the model's baseline."""
    change: float
    """How that moved since the previous record; equal to contribution where there was none of the same model."""
    text: str
    """The reason in words, for example `3 pricing-page views in 48h`."""


class Trigger(Reader):
    """The input record that caused the output."""

    topic: str
    partition: int
    offset: int
    part: Annotated[int, Field(ge=0)] = 0
    """Which of the record's events, from 0 on, where it brought several; left out for the first."""


class Tick(Reader):
    """The sweep of idle leads that caused the output."""

    tick: Annotated[str, Field(examples=["2026-03-01T12:00:00.000Z"])]
    """Its instant."""


class ScoreChange(Reader):
    """A lead's score moved materially or crossed a tier."""

    id: OutputId
    """The same however often the record is sent; deduplicate by it."""
    lead: str
    """The lead, also the key."""
    sequence: Annotated[int, Field(ge=1)]
    """Counts this lead's score changes, without gaps."""
    time: str
    """The Kafka time of the trigger; of a sweep its instant."""
    as_of: str
    """The latest event time of the lead, or a later sweep's instant: what the features hold for."""
    cause: Cause
    """`clock` where time alone made the difference, `model` where the swap of the model alone did."""
    trigger: Trigger | Tick
    scores: dict[str, CurrentScore]
    """By target; `conversion` is always there."""
    drivers: tuple[Driver, ...]
    """The reasons that moved it most, the strongest first."""
    baseline: float
    """The log-odds that the contributions start from."""
    rest: float
    """The contributions of the features not among the drivers: baseline + drivers + rest = log-odds."""
    features: tuple[float, ...]
    """The feature vector, in the order of the model's manifest."""
    model: Digest
    configuration: Digest
    positions: dict[str, int]
    """By input topic: the offset up to which (exclusive) the partition's events were in the state."""
    holdout: bool = False
    """Whether the lead belongs to a control group whose scores are not acted on."""


class LatestScore(Reader):
    """The newest score of a lead, for the compacted topic. A record without a value says that the lead expired."""

    id: OutputId
    lead: str
    sequence: int
    time: str
    as_of: str
    scores: dict[str, CurrentScore]
    model: Digest
    configuration: Digest


class Occurrence(Reader):
    """An event behind an alert."""

    signal: str
    label: str
    time: str
    event: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """XXH3-64 of the event's id, in hex: compare with the events at hand."""


class Alert(Reader):
    """A lead that deserves a look now."""

    id: OutputId
    lead: str
    sequence: int
    """That of the score change sent with it."""
    time: str
    as_of: str
    rule: Literal["rise", "top_tier"]
    """`rise`: the log-odds rose within the window; `top_tier`: the lead entered the highest tier."""
    rise: float
    """How far the log-odds are above their lowest value in the window."""
    text: str
    """Why, in a sentence."""
    trigger: Trigger
    scores: dict[str, CurrentScore]
    drivers: tuple[Driver, ...]
    events: tuple[Occurrence, ...]
    """The latest notable events, the newest first."""
    model: Digest
    configuration: Digest


Reason = Literal[
    "oversize", "malformed", "invalid", "unkeyed", "key_mismatch", "mispartitioned", "unsupported", "future", "late"
]
"""Why an input record is a dead letter; the header `leadpulse.reason`."""
