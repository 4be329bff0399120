"""SendGrid's Event Webhook: objects in an array, each about one recipient, with times in seconds.

An opening that SendGrid marks as a machine's (`sg_machine_open`: Apple's Mail Privacy Protection, which fetches every
image whether or not anybody looks) is no event. Whether SendGrid signed the request is for the gateway to check: the
signature covers headers that do not reach Kafka.
"""

from typing import Any, Final

from stream.core.events import Event, Unreadable
from stream.sources import limits
from stream.sources.batches import read_each

_NAMES: Final = {
    "processed": "email_send",
    "dropped": "email_drop",
    "deferred": "email_deferral",
    "delivered": "email_delivery",
    "bounce": "email_bounce",
    "open": "email_open",
    "click": "email_click",
    "spamreport": "email_spam_report",
    "unsubscribe": "email_unsubscribe",
    "group_unsubscribe": "email_unsubscribe",
    "group_resubscribe": "email_resubscribe",
}


def read(value: bytes) -> list[Event]:
    """The events of a record. Raises Unreadable with the reason `malformed`, `invalid` or `unsupported`."""
    return read_each(value, _event)


def _event(content: dict[str, Any]) -> list[Event]:
    kind = content.get("event")
    if type(kind) is not str:
        raise Unreadable("invalid", "event: must be the kind of event, such as open")
    if kind not in _NAMES:
        raise Unreadable("unsupported", f"event: SendGrid's {kind[:40]!r} tells nothing about a lead")
    identifier = limits.identifier(content.get("sg_event_id"), "sg_event_id")
    field = "lead" if content.get("lead") is not None else "email"
    lead = limits.lead_id(content.get(field), field)
    time = limits.seconds(content.get("timestamp"), "timestamp")
    if content.get("sg_machine_open") is True:
        return []
    return [Event(identifier, lead, time, "email", _NAMES[kind], "", content)]
