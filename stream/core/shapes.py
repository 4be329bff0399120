"""What alerts alone have, as structs, which are written fast: field by field what `schemas.records` promises."""

from msgspec import Raw, Struct


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


class AlertShape(Struct):
    """trigger: JSON."""

    rule: str
    rise: float
    text: str
    trigger: Raw
    drivers: list[DriverShape]
    events: list[OccurrenceShape]
