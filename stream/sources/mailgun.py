"""Mailgun's webhooks: one event under `event-data`, its time in seconds with a fraction.

What a machine opened or clicked (`client-info` names a `bot`, or a robot as `client-type`) is no event. The `signature`
beside the event is for the gateway to check: that takes Mailgun's key, and a memory of the tokens seen.
"""

from typing import Any, Final

from stream.core.events import Event, Unreadable
from stream.sources import limits
from stream.sources.batches import read_each

_NAMES: Final = {
    "accepted": "email_send",
    "rejected": "email_drop",
    "delivered": "email_delivery",
    "opened": "email_open",
    "clicked": "email_click",
    "unsubscribed": "email_unsubscribe",
    "complained": "email_spam_report",
}
_FAILURES: Final = {"permanent": "email_bounce", "temporary": "email_deferral"}


def read(value: bytes) -> list[Event]:
    """The events of a record. Raises Unreadable with the reason `malformed`, `invalid` or `unsupported`."""
    return read_each(value, _event)


def _event(content: dict[str, Any]) -> list[Event]:
    data = limits.mapping(content.get("event-data"), "event-data")
    name = _name(data)
    identifier = limits.identifier(data.get("id"), "event-data.id")
    lead = _lead(content, data)
    time = limits.seconds(data.get("timestamp"), "event-data.timestamp")
    if _by_machine(data):
        return []
    return [Event(identifier, lead, time, "email", name, "", data)]


def _name(data: dict[str, Any]) -> str:
    kind = data.get("event")
    if type(kind) is not str:
        raise Unreadable("invalid", "event-data.event: must be the kind of event, such as opened")
    if kind == "failed":
        severity = data.get("severity")
        if type(severity) is not str or severity not in _FAILURES:
            raise Unreadable("invalid", f"event-data.severity: must be permanent or temporary, not {severity!r:.40}")
        return _FAILURES[severity]
    if kind not in _NAMES:
        raise Unreadable("unsupported", f"event-data.event: Mailgun's {kind[:40]!r} tells nothing about a lead")
    return _NAMES[kind]


def _lead(content: dict[str, Any], data: dict[str, Any]) -> str:
    if content.get("lead") is not None:
        return limits.lead_id(content["lead"], "lead")
    variables = data.get("user-variables")
    if type(variables) is dict and variables.get("lead") is not None:
        return limits.lead_id(variables["lead"], "event-data.user-variables.lead")
    return limits.lead_id(data.get("recipient"), "event-data.recipient")


def _by_machine(data: dict[str, Any]) -> bool:
    client = data.get("client-info")
    return type(client) is dict and (bool(client.get("bot")) or client.get("client-type") == "robot")
