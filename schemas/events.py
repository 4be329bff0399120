"""The native input events. Pydantic is the contract; `stream.sources.native` decodes the same language faster."""

import math
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, model_validator

from schemas.strict import Reader
from schemas.times import RFC3339_PATTERN, parse_time

Channel = Literal["web", "email", "product", "crm", "intent"]
CHANNELS: Final[tuple[Channel, ...]] = ("web", "email", "product", "crm", "intent")

MAX_ID: Final = 128
MAX_LEAD: Final = 256
MAX_NAME: Final = 200
MAX_PATH: Final = 2048
MAX_INTEGER: Final = 2**63 - 1
MAX_DEPTH: Final = 64

# A lead id is a Kafka key and an id is logged: no control characters, and row keys of our own begin with NUL.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"


def _rfc3339(text: str) -> str:
    parse_time(text)
    return text


def portable(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The value, if it is JSON as every reader understands it; else ValueError.

    Numbers are finite, integers are within 64 bits, and nothing is nested deeper than `depth`.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is not finite")
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("an integer beyond 64 bits")
    if isinstance(value, dict | list):
        if depth == 0:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")
        for item in value.values() if isinstance(value, dict) else value:
            portable(item, depth - 1)
    return value


Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=PRINTABLE)]
LeadId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LEAD, pattern=PRINTABLE)]
Time = Annotated[str, AfterValidator(_rfc3339), Field(pattern=RFC3339_PATTERN, examples=["2026-03-01T09:30:00.000Z"])]
Properties = dict[str, Any]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]


class _Event(Reader):
    id: Identifier
    """Names the event for ever: two events with one id are one event, however often they are sent."""
    lead: LeadId
    """The lead, as in the record's key; an anonymous visitor is ``anon:`` and their id."""
    time: Time
    """When it happened, as the source saw it."""

    _whole = model_validator(mode="before")(portable)


class _Activity(_Event):
    name: Name
    """What happened, for example ``page_view`` or ``demo_request``."""
    properties: Properties = {}
    """Whatever else the source knows; signals can match on it and sum it."""


class WebEvent(_Activity):
    """A visit to a page or an action on it."""

    type: Literal["web"]
    path: Annotated[str, StringConstraints(max_length=MAX_PATH)] = ""
    """The path of the page, beginning with a slash."""


class EmailEvent(_Activity):
    """A delivery, an opening, a click, a reply."""

    type: Literal["email"]


class ProductEvent(_Activity):
    """Use of the product: a login, an invitation, a lesson."""

    type: Literal["product"]


class CrmEvent(_Activity):
    """What sales recorded: a call, a meeting, a stage."""

    type: Literal["crm"]


class IntentEvent(_Activity):
    """What a third party observed: a topic surge, a review-site visit."""

    type: Literal["intent"]


class ProfileEvent(_Event):
    """Facts about the lead; the latest value of each field counts."""

    type: Literal["profile"]
    fields: Properties
    """Field name to value."""


class OutcomeEvent(_Event):
    """How it ended: the event that training predicts."""

    type: Literal["outcome"]
    name: Name
    """Which outcome, for example ``converted``."""
    properties: Properties = {}


Event = Annotated[
    WebEvent | EmailEvent | ProductEvent | CrmEvent | IntentEvent | ProfileEvent | OutcomeEvent,
    Field(discriminator="type"),
]
EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Event)
"""Validates one native event: ``EVENT.validate_json(value)``."""
