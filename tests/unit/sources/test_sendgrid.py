"""SendGrid's events, as its documentation shows them."""

from typing import Any, Final

import pytest

from schemas.times import parse_time
from tests.unit.sources.refusals import events, refusal

CLICK: Final = {
    "sg_event_id": "sendgrid_internal_event_id",
    "sg_message_id": "sendgrid_internal_message_id",
    "ip": "255.255.255.255",
    "useragent": "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X)",
    "event": "click",
    "email": "email@example.com",
    "timestamp": 1249948800,
    "url": "http://example.com/blog/news.html",
    "url_offset": {"index": 0, "type": "html"},
    "unique_arg_key": "unique_arg_value",
    "category": ["category1", "category2"],
    "newsletter": {"newsletter_user_list_id": "10557865", "newsletter_id": "1943530", "newsletter_send_id": "2308608"},
    "asm_group_id": 1,
}
OPEN: Final = {
    "email": "alex@example.com",
    "timestamp": 1513299569,
    "event": "open",
    "sg_machine_open": False,
    "category": "cat facts",
    "sg_event_id": "FOTFFO0ecsBE-zxFXfs6WA==",
    "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
    "useragent": "Mozilla/4.0 (compatible; MSIE 6.1; Windows XP; .NET CLR 1.1.4322; .NET CLR 2.0.50727)",
    "ip": "255.255.255.255",
}
DELIVERY: Final = {
    "email": "alex@example.com",
    "timestamp": 1513299569,
    "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
    "event": "processed",
    "category": ["cat facts"],
    "sg_event_id": "rbtnWrG1DVDGGGFHFyun0A==",
    "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.000000000000000000000",
}
STATUS: Final = {
    "event": "account_status_change",
    "sg_event_id": "MjEzNTg5OTcyOC10ZXJtaW5hdGUtMTcwNzg1MTUzMQ",
    "timestamp": 1709142428,
    "type": "compliance_suspend",
}


def test_a_click_is_an_email_event_with_all_that_came_for_properties() -> None:
    (event,) = events("sendgrid", [CLICK])
    assert (event.id, event.lead) == ("sendgrid_internal_event_id", "email@example.com")
    assert (event.type, event.name, event.path) == ("email", "email_click", "")
    assert event.time == parse_time("2009-08-11T00:00:00Z")
    assert event.properties == CLICK


def test_an_object_alone_is_read_like_an_array_of_one() -> None:
    assert events("sendgrid", OPEN) == events("sendgrid", [OPEN])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("processed", "email_send"),
        ("deferred", "email_deferral"),
        ("delivered", "email_delivery"),
        ("bounce", "email_bounce"),
        ("dropped", "email_drop"),
        ("spamreport", "email_spam_report"),
        ("unsubscribe", "email_unsubscribe"),
        ("group_unsubscribe", "email_unsubscribe"),
        ("group_resubscribe", "email_resubscribe"),
    ],
)
def test_every_documented_kind_has_its_name(kind: str, name: str) -> None:
    assert [event.name for event in events("sendgrid", [DELIVERY | {"event": kind}])] == [name]


def test_an_opening_by_apples_mail_privacy_protection_is_no_event() -> None:
    assert events("sendgrid", [OPEN | {"sg_machine_open": True}]) == []
    assert [event.name for event in events("sendgrid", [OPEN | {"sg_machine_open": True}, CLICK])] == ["email_click"]


def test_a_batch_keeps_its_order() -> None:
    batch = [DELIVERY, OPEN, CLICK]
    assert [event.name for event in events("sendgrid", batch)] == ["email_send", "email_open", "email_click"]
    assert events("sendgrid", []) == []


def test_a_custom_argument_names_the_lead() -> None:
    assert events("sendgrid", [OPEN | {"lead": "lead-7"}])[0].lead == "lead-7"


@pytest.mark.parametrize(
    ("changed", "reason", "told"),
    [
        ({"timestamp": 1513299569000}, "invalid", "1513299569000 seconds since 1970 are outside"),
        ({"timestamp": "1513299569"}, "invalid", "timestamp: must be seconds since 1970, as a number"),
        ({"timestamp": True}, "invalid", "timestamp"),
        ({"timestamp": 1e306}, "invalid", "1e+306 seconds since 1970 are outside"),
        ({"timestamp": -1e308}, "invalid", "seconds since 1970 are outside"),
        ({"sg_event_id": None}, "invalid", "sg_event_id"),
        ({"email": ""}, "invalid", "email"),
        ({"lead": 7}, "invalid", "lead"),
        ({"event": None}, "invalid", "event"),
        ({"event": "telepathy"}, "unsupported", "'telepathy'"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], reason: str, told: str) -> None:
    found, text = refusal("sendgrid", [OPEN | changed])
    assert found == reason
    assert told in text


def test_news_of_the_account_is_about_no_lead() -> None:
    assert refusal("sendgrid", [STATUS])[0] == "unsupported"


def test_one_bad_event_spoils_its_record_and_is_named() -> None:
    assert refusal("sendgrid", [CLICK, OPEN | {"email": None}, CLICK])[1].startswith("event 2 of 3: email")
    assert refusal("sendgrid", [CLICK, 7]) == ("invalid", "event 2 of 2: an event is a JSON object, not int")


def test_more_events_than_a_record_may_hold_are_refused() -> None:
    assert len(events("sendgrid", [CLICK] * 100)) == 100
    assert refusal("sendgrid", [CLICK] * 101)[1].startswith("101 events in one record")
