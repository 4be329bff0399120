"""Settings of what is observed: signals, profile fields, landing pages and the outcome."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from schemas.events import Channel
from schemas.strict import Setting

MAX_SIGNALS = 64

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


class Match(Setting):
    """One way to recognise an event; every condition given must hold."""

    name: Annotated[str, Field(examples=["page_view"])] = "*"
    """The event's name; ``*`` and ``?`` are wildcards, upper and lower case differ."""
    path: Annotated[str, Field(examples=["/pricing*"])] = "*"
    """The page's path; wildcards as in ``name``."""
    properties: Annotated[dict[str, str | int | float | bool], Field(examples=[{"result": "passed"}])] = {}
    """Properties that must be present with exactly these values."""


class Signal(Setting):
    """A named behaviour of a lead."""

    number: Annotated[int, Field(ge=0, lt=MAX_SIGNALS, examples=[3])]
    """Its place in stored rows. Never reuse or change one: adding a signal must not renumber the others."""
    name: Annotated[Slug, Field(examples=["pricing_view"])]
    """How features and alerts call it."""
    channel: Annotated[Channel, Field(examples=["web"])]
    """The type of event that it is recognised in."""
    label: Annotated[str, Field(min_length=1, examples=["pricing-page view"])]
    """One occurrence, in the words of a sales rep: a noun in the singular, whose plural is regular."""
    match: Annotated[tuple[Match, ...], Field(min_length=1, examples=[[{"name": "page_view", "path": "/pricing*"}]])]
    """Ways to recognise it, any of which is enough."""
    value: Annotated[str | None, Field(examples=["minutes"])] = None
    """A numeric property whose sum is kept, to three decimals."""
    notable: Annotated[bool, Field(examples=[True])] = False
    """Whether an alert names its occurrences among the events behind it."""


class NumberField(Setting):
    """A profile field with a number, such as the count of employees."""

    kind: Literal["number"]
    number: Annotated[int, Field(ge=0, lt=32, examples=[0])]
    """Its place in stored rows; never reuse or change one."""
    name: Annotated[str, Field(min_length=1, examples=["employees"])]
    """The field's name in profile events."""


class CategoryField(Setting):
    """A profile field with few values, such as the industry."""

    kind: Literal["category"]
    number: Annotated[int, Field(ge=0, lt=32, examples=[1])]
    """Its place in stored rows; never reuse or change one."""
    name: Annotated[str, Field(min_length=1, examples=["industry"])]
    """The field's name in profile events."""
    values: Annotated[tuple[str, ...], Field(min_length=1, examples=[["software", "retail"]])]
    """The values told apart, others being one; append new values, never reorder."""


ProfileField = Annotated[NumberField | CategoryField, Field(discriminator="kind")]


class LandingPage(Setting):
    """A kind of first page; the first entry that matches counts."""

    name: Annotated[Slug, Field(examples=["pricing"])]
    """How features call it."""
    path: Annotated[str, Field(examples=["/pricing*"])]
    """The path, with wildcards."""


class Outcome(Setting):
    """The event that training predicts, and after which a lead is no longer one."""

    channel: Annotated[Channel | Literal["outcome"], Field(examples=["outcome"])]
    """The type of event that it is recognised in."""
    match: Annotated[tuple[Match, ...], Field(min_length=1, examples=[[{"name": "converted"}]])]
    """Ways to recognise it, any of which is enough."""


class Observed(Setting):
    """Everything that a lead's state is made from."""

    signals: Annotated[tuple[Signal, ...], Field(min_length=1)]
    """The behaviours, by stable numbers."""
    profile: tuple[ProfileField, ...] = ()
    """The profile fields, by stable numbers."""
    landing: tuple[LandingPage, ...] = ()
    """The kinds of first page; append, never reorder."""
    outcome: Outcome
    """The conversion."""

    @model_validator(mode="after")
    def _distinct(self) -> "Observed":
        for what, keys in _keys(self).items():
            twice = sorted({str(key) for key in keys if keys.count(key) > 1})
            if twice:
                raise ValueError(f"{what} used twice: {', '.join(twice)}")
        if self.outcome.channel != "outcome":
            for signal in self.signals:
                if signal.channel == self.outcome.channel and any(way in self.outcome.match for way in signal.match):
                    raise ValueError(f"signal {signal.name} is the outcome itself: a feature of it leaks the answer")
        return self


def _keys(observed: Observed) -> dict[str, list[Any]]:
    return {
        "signal number": [signal.number for signal in observed.signals],
        "signal name": [signal.name for signal in observed.signals],
        "profile number": [field.number for field in observed.profile],
        "profile field": [field.name for field in observed.profile],
        "landing page": [page.name for page in observed.landing],
    }
