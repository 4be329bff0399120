"""Customer.io's reporting webhooks, as its documentation shows them."""

from typing import Any, Final

import pytest

from schemas.times import parse_time
from tests.unit.sources.refusals import events, refusal

DATA: Final = {
    "action_id": 36,
    "campaign_id": 9,
    "customer_id": "0200102",
    "identifiers": {"id": "0200102", "email": "test@example.com", "cio_id": "d9c106000001"},
    "delivery_id": "RPILAgABcRhIBqSp7kiPekGBIeVh",
    "recipient": "test@example.com",
    "subject": "hello",
}
OPENED: Final = {
    "data": DATA,
    "event_id": "01E4C8BES586H0A5PFK1ARB9JW",
    "object_type": "email",
    "metric": "opened",
    "timestamp": 1585254348,
}


def with_data(**changed: Any) -> dict[str, Any]:
    return OPENED | {"data": {key: value for key, value in (DATA | changed).items() if value is not None}}


def test_an_opening_is_an_email_event_of_the_person() -> None:
    (event,) = events("customerio", OPENED)
    assert (event.id, event.lead) == ("01E4C8BES586H0A5PFK1ARB9JW", "0200102")
    assert (event.type, event.name) == ("email", "email_open")
    assert event.time == parse_time("2020-03-26T20:25:48Z")
    assert event.properties == DATA


@pytest.mark.parametrize(
    ("about", "metric", "name"),
    [
        ("email", "sent", "email_send"),
        ("email", "clicked", "email_click"),
        ("email", "unsubscribed", "email_unsubscribe"),
        ("email", "spammed", "email_spam_report"),
        ("email", "bounced", "email_bounce"),
        ("customer", "unsubscribed", "customer_unsubscribe"),
        ("push", "opened", "push_open"),
        ("sms", "clicked", "sms_click"),
        ("in_app", "clicked", "in_app_click"),
    ],
)
def test_an_event_is_named_after_the_message_and_what_became_of_it(about: str, metric: str, name: str) -> None:
    found = events("customerio", OPENED | {"object_type": about, "metric": metric})
    assert [(event.type, event.name) for event in found] == [("email", name)]


@pytest.mark.parametrize("mark", ["machine", "prefetched"])
@pytest.mark.parametrize("metric", ["opened", "clicked"])
def test_what_a_machine_opened_or_clicked_is_no_event(metric: str, mark: str) -> None:
    assert events("customerio", with_data(**{mark: True}) | {"metric": metric}) == []
    assert len(events("customerio", with_data(**{mark: False}) | {"metric": metric})) == 1


def test_a_person_behind_a_proxy_is_a_person() -> None:
    assert len(events("customerio", with_data(proxied=True, prefetched=False))) == 1


@pytest.mark.parametrize(
    ("content", "lead"),
    [
        (OPENED | {"lead": "lead-7"}, "lead-7"),
        (with_data(identifiers=None), "0200102"),
        (with_data(identifiers={"id": None, "email": "a@example.com"}, customer_id=None), "a@example.com"),
        (with_data(identifiers=None, customer_id=None), "test@example.com"),
    ],
)
def test_the_lead_is_the_person_by_the_first_name_that_is_there(content: dict[str, Any], lead: str) -> None:
    assert events("customerio", content)[0].lead == lead


@pytest.mark.parametrize(
    ("content", "reason", "told"),
    [
        (OPENED | {"timestamp": 1585254348000}, "invalid", "are outside the years"),
        (OPENED | {"event_id": None}, "invalid", "event_id"),
        (OPENED | {"data": None}, "invalid", "data"),
        (OPENED | {"metric": None}, "invalid", "metric"),
        (OPENED | {"metric": "imagined"}, "unsupported", "'email imagined'"),
        (OPENED | {"object_type": "pigeon"}, "unsupported", "'pigeon opened'"),
        (with_data(identifiers=None, customer_id=None, recipient=None), "invalid", "data.recipient"),
    ],
)
def test_a_wrong_field_is_named(content: dict[str, Any], reason: str, told: str) -> None:
    found, text = refusal("customerio", content)
    assert found == reason
    assert told in text
