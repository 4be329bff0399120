"""Settings of the features: pure functions of a lead's state and an instant. `docs/features.md` has the definitions."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.signals import Slug
from schemas.strict import Setting
from schemas.times import DAY, HOUR, MINUTE, Duration

LONGEST_WINDOW = 90 * DAY
HOURLY_WINDOW = 12 * DAY - HOUR

Window = Annotated[Duration, Field(ge=5 * MINUTE, le=LONGEST_WINDOW, examples=["48h"])]
HourlyWindow = Annotated[Duration, Field(ge=HOUR, le=HOURLY_WINDOW, examples=["7d"])]
Signals = Annotated[tuple[Slug, ...], Field(examples=[["pricing_view"]])]


class _Feature(Setting):
    name: Annotated[Slug, Field(examples=["pricing_views_48h"])]
    """The column's name, the same in training, manifest and records."""


class _Behaviour(_Feature):
    signals: Signals = ()
    """The signals taken together; none means all."""
    label: Annotated[str | None, Field(min_length=1, examples=["high-intent view"])] = None
    """One occurrence of them, in the words of a sales rep; the signals' own labels where absent."""


class Count(_Behaviour):
    """How often the signals occurred in the window."""

    kind: Literal["count"]
    window: Window
    """How far back, measured in tiles (see the definitions)."""


class ActiveDays(_Behaviour):
    """On how many calendar days (UTC) of the window the signals occurred."""

    kind: Literal["active_days"]
    window: Window
    """How far back."""


class Recency(_Behaviour):
    """Hours since the latest occurrence, at most 2160 (which also stands for never)."""

    kind: Literal["recency"]


class Intensity(_Behaviour):
    """Occurrences in the window, each worth half as much for every half-life that has passed."""

    kind: Literal["intensity"]
    window: Window
    """How far back."""
    half_life: Annotated[Duration, Field(ge=HOUR, le=LONGEST_WINDOW, examples=["7d"])]
    """The time in which an occurrence loses half of its weight."""


class Velocity(_Behaviour):
    """Occurrences of the last 7 days against the weekly mean of the 21 days before, one added to both."""

    kind: Literal["velocity"]


class Breadth(_Behaviour):
    """How many different signals, or channels, occurred in the window."""

    kind: Literal["breadth"]
    window: Window
    """How far back."""
    of: Annotated[Literal["signals", "channels"], Field(examples=["channels"])] = "signals"
    """What is counted."""


class Sum(_Behaviour):
    """The sum of the signals' values in the window."""

    kind: Literal["sum"]
    window: Window
    """How far back."""


class PerVisit(_Behaviour):
    """Occurrences in the window for each visit, a visit being an hour (UTC) with any web signal."""

    kind: Literal["per_visit"]
    window: HourlyWindow
    """How far back."""


class Sequence(_Feature):
    """1 if one signal followed another soon enough, by hour tiles, and within the window; else 0."""

    kind: Literal["sequence"]
    first: Annotated[Signals, Field(min_length=1)]
    """Signals of which one must come first."""
    then: Annotated[Signals, Field(min_length=1)]
    """Signals of which one must follow, in the same hour or later."""
    within: HourlyWindow
    """The longest time between the two."""
    window: HourlyWindow
    """How far back both must lie."""


class Tenure(_Feature):
    """Hours since the lead's first event, at most 2160."""

    kind: Literal["tenure"]


class Landing(_Feature):
    """1 if the earliest web event was on this kind of page; else 0."""

    kind: Literal["landing"]
    page: Annotated[Slug, Field(examples=["pricing"])]
    """A name from ``landing``."""


class Profile(_Feature):
    """A profile field: its number, or 1 where it equals a value."""

    kind: Literal["profile"]
    field: Annotated[str, Field(examples=["employees"])]
    """A name from ``profile``."""
    equals: Annotated[str | None, Field(examples=["software"])] = None
    """For a category, the value that gives 1."""


Feature = Annotated[
    Count
    | ActiveDays
    | Recency
    | Intensity
    | Velocity
    | Breadth
    | Sum
    | PerVisit
    | Sequence
    | Tenure
    | Landing
    | Profile,
    Field(discriminator="kind"),
]
