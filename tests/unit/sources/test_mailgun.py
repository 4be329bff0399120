"""Mailgun's events, as its documentation shows them."""

from typing import Any, Final

import pytest

from schemas.times import parse_time
from tests.unit.sources.refusals import events, refusal

SIGNATURE: Final = {
    "token": "090b992ff6f4a3a5d4a5a9b54a4a4b6a2b0a4d1a6f8f5d4c3a",
    "timestamp": "1521472262",
    "signature": "a22b7c3dd4861e27a1664cef3611a1954c0665cfcaca9b8f35ee216243a4ce3f",
}
CLIENT: Final = {
    "client-os": "Linux",
    "device-type": "desktop",
    "client-name": "Chrome",
    "client-type": "browser",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.31 (KHTML, like Gecko) Chrome/26.0.1410.43",
}
OPENED: Final = {
    "id": "Ase7i2zsRYeDXztHGENqRA",
    "timestamp": 1521243339.873676,
    "log-level": "info",
    "event": "opened",
    "message": {"headers": {"message-id": "20130503182626.18666.16540@mail.example.com"}},
    "recipient": "alice@example.com",
    "recipient-domain": "example.com",
    "ip": "50.56.129.169",
    "geolocation": {"country": "US", "region": "CA", "city": "San Francisco"},
    "client-info": CLIENT,
    "campaigns": [],
    "tags": ["my_tag_1", "my_tag_2"],
    "user-variables": {"my_var_1": "Mailgun Variable #1", "my-var-2": "awesome"},
}


def webhook(**changed: Any) -> dict[str, Any]:
    return {"signature": SIGNATURE, "event-data": OPENED | changed}


def test_an_opening_is_an_email_event_at_its_millisecond() -> None:
    (event,) = events("mailgun", webhook())
    assert (event.id, event.lead) == ("Ase7i2zsRYeDXztHGENqRA", "alice@example.com")
    assert (event.type, event.name) == ("email", "email_open")
    assert event.time == parse_time("2018-03-16T23:35:39.874Z")
    assert event.properties == OPENED


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"event": "accepted"}, "email_send"),
        ({"event": "rejected"}, "email_drop"),
        ({"event": "delivered"}, "email_delivery"),
        ({"event": "clicked", "url": "http://mailgun.com"}, "email_click"),
        ({"event": "unsubscribed"}, "email_unsubscribe"),
        ({"event": "complained"}, "email_spam_report"),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-bounce"}, "email_bounce"),
        ({"event": "failed", "severity": "temporary", "reason": "generic"}, "email_deferral"),
    ],
)
def test_every_documented_kind_has_its_name(changed: dict[str, Any], name: str) -> None:
    assert [event.name for event in events("mailgun", webhook(**changed))] == [name]


@pytest.mark.parametrize("kind", ["opened", "clicked"])
@pytest.mark.parametrize("machine", [{"bot": "apple"}, {"bot": "gmail"}, {"client-type": "robot"}])
def test_what_a_machine_opened_or_clicked_is_no_event(kind: str, machine: dict[str, str]) -> None:
    assert events("mailgun", webhook(event=kind, **{"client-info": CLIENT | machine})) == []


def test_an_empty_bot_is_a_person() -> None:
    assert len(events("mailgun", webhook(**{"client-info": CLIENT | {"bot": ""}}))) == 1
    assert len(events("mailgun", webhook(**{"client-info": None}))) == 1


def test_a_variable_of_the_message_or_the_gateway_names_the_lead() -> None:
    assert events("mailgun", webhook(**{"user-variables": {"lead": "lead-7"}}))[0].lead == "lead-7"
    assert events("mailgun", webhook() | {"lead": "lead-8"})[0].lead == "lead-8"


@pytest.mark.parametrize(
    ("content", "reason", "told"),
    [
        (webhook(timestamp=1521243339873), "invalid", "are outside the years"),
        (webhook(timestamp=SIGNATURE["timestamp"]), "invalid", "event-data.timestamp: must be seconds"),
        (webhook(id=""), "invalid", "event-data.id"),
        (webhook(recipient=None), "invalid", "event-data.recipient"),
        (webhook(event=None), "invalid", "event-data.event"),
        (webhook(event="failed"), "invalid", "event-data.severity"),
        (webhook(event="stored"), "unsupported", "'stored'"),
        ({"signature": SIGNATURE}, "invalid", "event-data: must be an object"),
        (OPENED, "invalid", "event-data: must be an object"),
    ],
)
def test_a_wrong_field_is_named(content: dict[str, Any], reason: str, told: str) -> None:
    found, text = refusal("mailgun", content)
    assert found == reason
    assert told in text
