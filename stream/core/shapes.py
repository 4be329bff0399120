"""The output records as structs, which are written fast: field by field what `schemas.records` promises."""

from msgspec import Struct


class ScoreShape(Struct):
    probability: float
    score: float
    log_odds: float
    percentile: int | None
    tier: str


class CurrentShape(ScoreShape):
    previous: ScoreShape | None


class DriverShape(Struct):
    feature: str
    value: float
    contribution: float
    change: float
    text: str


class OccurrenceShape(Struct):
    signal: str
    label: str
    time: str
    event: str


class CommonShape(Struct):
    """What all records have between their id and what is their own."""

    lead: str
    sequence: int
    time: str
    as_of: str
    scores: dict[str, CurrentShape]
    model: str
    configuration: str


class ChangeShape(Struct):
    cause: str
    trigger: dict[str, str | int]
    drivers: list[DriverShape]
    baseline: float
    rest: float
    features: list[float]
    positions: dict[str, int]
    holdout: bool = False


class AlertShape(Struct):
    rule: str
    rise: float
    text: str
    trigger: dict[str, str | int]
    drivers: list[DriverShape]
    events: list[OccurrenceShape]
