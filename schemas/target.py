"""Settings of what training predicts: which outcomes count, how soon, and at which moments of a lead's life to ask."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.signals import Outcome, Slug
from schemas.strict import Setting
from schemas.times import DAY, HOUR, Duration

LONGEST_WITHIN = 365 * DAY
LONGEST_LIFE = 90

Day = Annotated[int, Field(ge=1, le=LONGEST_LIFE)]


class AfterDays(Setting):
    """Moments so many days after a lead's first event."""

    kind: Literal["days"] = "days"
    days: Annotated[tuple[Day, ...], Field(min_length=1, examples=[[1, 3, 7]])] = (1, 3, 7, 14, 30)
    """The days."""


class AfterEvents(Setting):
    """Moments right after a lead's n-th event that is a signal."""

    kind: Literal["events"]
    events: Annotated[tuple[Annotated[int, Field(ge=1, le=1_000)], ...], Field(min_length=1, examples=[[3, 6, 10]])]
    """Which events; repeated ones are one."""


class EachActivity(Setting):
    """Moments right after a lead's first signal of each day (UTC)."""

    kind: Literal["activity"]
    days: Annotated[int, Field(ge=1, le=LONGEST_LIFE, examples=[30])] = LONGEST_LIFE
    """For how many days after the first event."""


class Weekly(Setting):
    """Moments on the same grid for everybody: Mondays at 00:00 UTC after the lead's first event."""

    kind: Literal["weekly"]
    weeks: Annotated[int, Field(ge=1, le=52, examples=[12])] = 12
    """For how many weeks after the first event."""


Moments = Annotated[AfterDays | AfterEvents | EachActivity | Weekly, Field(discriminator="kind")]


class Target(Setting):
    """What training predicts: whether a lead has such an outcome soon after a moment."""

    name: Annotated[Slug, Field(examples=["order", "opportunity_won", "churned", "became_sql"])] = "conversion"
    """How manifest and report call it."""
    counts: Annotated[
        Outcome | None, Field(examples=[{"channel": "crm", "match": [{"name": "stage", "properties": {"to": "SQL"}}]}])
    ] = None
    """The event that counts; `observed.outcome` where absent. The first one of a lead is its outcome."""
    ends: Annotated[Outcome | None, Field(examples=[{"channel": "crm", "match": [{"name": "deal_lost"}]}])] = None
    """An event that ends a lead without counting, such as a lost deal: no snapshot is taken from then on, and what
    comes after it is no outcome."""
    names: Annotated[tuple[str, ...], Field(examples=[["won"]])] = ()
    """In a file of outcomes (`leadpulse train --outcomes`), those that count; all of them where empty."""
    ending_names: Annotated[tuple[str, ...], Field(examples=[["lost"]])] = ()
    """In a file of outcomes, those that end a lead without counting."""
    within: Annotated[Duration, Field(ge=HOUR, le=LONGEST_WITHIN, examples=["30d"])] = 30 * DAY
    """How soon after the moment the outcome must come; 30 to 90 days are usual."""
    moments: Moments = AfterDays()
    """When to ask. The features hold what was known at the moment, and nothing later."""

    @model_validator(mode="after")
    def _apart(self) -> "Target":
        if both := sorted(set(self.names) & set(self.ending_names)):
            raise ValueError(f"named among names and ending_names: {', '.join(both)}")
        if self.counts is not None and self.counts == self.ends:
            raise ValueError("counts and ends are one event: an outcome either counts or ends a lead without counting")
        return self
