"""Customer.io's reporting webhooks: one event each, its time in seconds.

Openings and clicks that are marked as a machine's (`machine` or `prefetched` among the data) are no events; one that
is only `proxied` is a person's. The signature is in a header, `X-CIO-Signature`: it is for the gateway to check.
"""

from typing import Any, Final

from stream.core.events import Event, Unreadable
from stream.sources import limits
from stream.sources.batches import read_each

_OBJECTS: Final = frozenset(("customer", "email", "push", "sms", "in_app", "slack", "webhook", "whatsapp"))
_METRICS: Final = {
    "drafted": "draft",
    "attempted": "attempt",
    "sent": "send",
    "delivered": "delivery",
    "undeliverable": "drop",
    "dropped": "drop",
    "deferred": "deferral",
    "bounced": "bounce",
    "failed": "failure",
    "spammed": "spam_report",
    "opened": "open",
    "clicked": "click",
    "converted": "conversion",
    "subscribed": "subscribe",
    "unsubscribed": "unsubscribe",
}


def read(value: bytes) -> list[Event]:
    """The events of a record. Raises Unreadable with the reason `malformed`, `invalid` or `unsupported`."""
    return read_each(value, _event)


def _event(content: dict[str, Any]) -> list[Event]:
    about, metric = content.get("object_type"), content.get("metric")
    if type(about) is not str or type(metric) is not str:
        raise Unreadable("invalid", "object_type, metric: must say what happened, such as email and opened")
    if about not in _OBJECTS or metric not in _METRICS:
        told = f"{about[:20]} {metric[:40]}"
        raise Unreadable("unsupported", f"metric: Customer.io's {told!r} is not one that is known")
    data = limits.mapping(content.get("data"), "data")
    identifier = limits.identifier(content.get("event_id"), "event_id")
    lead = _lead(content, data)
    time = limits.seconds(content.get("timestamp"), "timestamp")
    if data.get("machine") is True or data.get("prefetched") is True:
        return []
    return [Event(identifier, lead, time, "email", f"{about}_{_METRICS[metric]}", "", data)]


def _lead(content: dict[str, Any], data: dict[str, Any]) -> str:
    """Their id as you gave it to Customer.io; for a person known by email alone that."""
    if content.get("lead") is not None:
        return limits.lead_id(content["lead"], "lead")
    identifiers = data.get("identifiers")
    known = identifiers if type(identifiers) is dict else {}
    for field, found in (("identifiers.id", known.get("id")), ("customer_id", data.get("customer_id"))):
        if found is not None and found != "":
            return limits.lead_id(found, f"data.{field}")
    if known.get("email") is not None:
        return limits.lead_id(known["email"], "data.identifiers.email")
    return limits.lead_id(data.get("recipient"), "data.recipient")
