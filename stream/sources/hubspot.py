"""HubSpot's webhooks: changes of CRM objects in an array, up to a hundred, with times in milliseconds.

Every change is a CRM event named after its subscription, such as `deal.propertyChange`; a contact's new property is a
fact of its profile too, so that one change gives two events. HubSpot says that `eventId` need not be unique, and
repeats a delivery with another `attemptNumber`: an event's id is made of all that tells one change from another. The
signature is in headers, and for the gateway to check.
"""

import re
from hashlib import blake2b
from typing import Any, Final

from stream.core.events import Event, Unreadable
from stream.sources import limits
from stream.sources.batches import read_each

_TELLING: Final = (
    "portalId", "subscriptionType", "objectId", "fromObjectId", "toObjectId", "associationType", "propertyName",
    "propertyValue", "occurredAt", "eventId",
)  # fmt: skip
_CONTACT: Final = "0-1"
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?", re.ASCII)


def read(value: bytes) -> list[Event]:
    """The events of a record. Raises Unreadable with the reason `malformed`, `invalid` or `unsupported`."""
    return read_each(value, _events)


def _events(content: dict[str, Any]) -> list[Event]:
    kind = limits.name(content.get("subscriptionType", content.get("eventType")), "subscriptionType")
    about, _, change = kind.partition(".")
    if not change:
        raise Unreadable("unsupported", f"subscriptionType: {kind[:40]!r} is no change of an object")
    of_contact = about == "contact" or (about == "object" and content.get("objectTypeId") == _CONTACT)
    lead = _lead(content, kind, of_contact)
    time = limits.milliseconds(content.get("occurredAt"), "occurredAt")
    identifier = _identifier(content)
    happened = Event(identifier, lead, time, "crm", kind, "", content)
    if not of_contact or change != "propertyChange":
        return [happened]
    fact = {limits.name(content.get("propertyName"), "propertyName"): _number(content.get("propertyValue"))}
    return [Event(f"{identifier}-profile", lead, time, "profile", "", "", fact), happened]


def _lead(content: dict[str, Any], kind: str, of_contact: bool) -> str:
    if content.get("lead") is not None:
        return limits.lead_id(content["lead"], "lead")
    if not of_contact:
        raise Unreadable(
            "unsupported", f"subscriptionType: {kind[:40]!r} is about no contact: have the gateway add the field lead"
        )
    number = content.get("objectId", content.get("fromObjectId"))
    if type(number) is not int:
        raise Unreadable("invalid", f"objectId: must be a contact's number, not {number!r:.40}")
    return str(number)


def _identifier(content: dict[str, Any]) -> str:
    told = "\0".join(f"{content.get(field)}" for field in _TELLING)
    return f"hubspot-{blake2b(told.encode(), digest_size=16).hexdigest()}"


def _number(value: Any) -> Any:
    """HubSpot sends every property as text; a field of numbers wants numbers."""
    if type(value) is str and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
