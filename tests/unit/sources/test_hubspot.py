"""HubSpot's changes, as its documentation shows them."""

from typing import Any, Final

import pytest

from tests.unit.sources.refusals import events, refusal

CHANGE: Final = {
    "objectId": 1246965,
    "propertyName": "lifecyclestage",
    "propertyValue": "subscriber",
    "changeSource": "ACADEMY",
    "eventId": 3816279340,
    "subscriptionId": 25,
    "portalId": 33,
    "appId": 1160452,
    "occurredAt": 1462216307945,
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
}
CREATION: Final = {
    "objectId": 1246978,
    "changeSource": "IMPORT",
    "eventId": 3816279480,
    "subscriptionId": 22,
    "portalId": 33,
    "appId": 1160452,
    "occurredAt": 1462216307945,
    "subscriptionType": "contact.creation",
    "attemptNumber": 0,
}
DEAL: Final = CHANGE | {"subscriptionType": "deal.propertyChange", "propertyName": "dealstage", "lead": "1246965"}


def test_a_contacts_property_is_a_fact_and_a_crm_event_at_the_millisecond() -> None:
    fact, happened = events("hubspot", [CHANGE])
    assert (fact.type, fact.name, fact.properties) == ("profile", "", {"lifecyclestage": "subscriber"})
    assert (happened.type, happened.name, happened.properties) == ("crm", "contact.propertyChange", CHANGE)
    assert {event.lead for event in (fact, happened)} == {"1246965"}
    assert {event.time for event in (fact, happened)} == {1462216307945}
    assert fact.id != happened.id


def test_a_new_contact_is_a_crm_event() -> None:
    assert [(event.type, event.name) for event in events("hubspot", [CREATION])] == [("crm", "contact.creation")]


def test_the_older_name_of_the_subscription_and_the_generic_one_are_read() -> None:
    older = {key: value for key, value in CREATION.items() if key != "subscriptionType"}
    assert events("hubspot", [older | {"eventType": "contact.creation"}])[0].name == "contact.creation"
    generic = CHANGE | {"subscriptionType": "object.propertyChange", "objectTypeId": "0-1"}
    assert [event.type for event in events("hubspot", [generic])] == ["profile", "crm"]


def test_a_delivery_that_is_repeated_has_the_same_ids() -> None:
    again = CHANGE | {"attemptNumber": 3}
    assert [event.id for event in events("hubspot", [again])] == [event.id for event in events("hubspot", [CHANGE])]


@pytest.mark.parametrize(
    "changed", [{"propertyName": "email"}, {"occurredAt": 1462216307946}, {"eventId": 1}, {"objectId": 2}]
)
def test_another_change_has_other_ids_even_under_one_event_id(changed: dict[str, Any]) -> None:
    found = [event.id for event in events("hubspot", [CHANGE, CHANGE | changed])]
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [("250", 250), ("-2.5", -2.5), ("", ""), ("vp", "vp"), ("0049", "0049"), ("1e9", "1e9"), (None, None)],
)
def test_a_fact_that_is_a_number_becomes_one(text: str | None, value: object) -> None:
    fact = events("hubspot", [CHANGE | {"propertyName": "employees", "propertyValue": text}])[0]
    assert fact.properties == {"employees": value}


def test_a_deal_is_the_leads_whom_the_gateway_names() -> None:
    (event,) = events("hubspot", [DEAL])
    assert (event.lead, event.type, event.name) == ("1246965", "crm", "deal.propertyChange")


@pytest.mark.parametrize(
    ("changed", "reason", "told"),
    [
        ({"occurredAt": 1462216307}, "invalid", "1462216307 milliseconds since 1970 are outside"),
        ({"occurredAt": "2016-05-02"}, "invalid", "occurredAt"),
        ({"objectId": "x"}, "invalid", "objectId"),
        ({"objectId": None}, "invalid", "objectId"),
        ({"subscriptionType": None}, "invalid", "subscriptionType"),
        ({"subscriptionType": "contact"}, "unsupported", "no change of an object"),
        ({"subscriptionType": "company.creation"}, "unsupported", "have the gateway add the field lead"),
        ({"propertyName": None}, "invalid", "propertyName"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], reason: str, told: str) -> None:
    found, text = refusal("hubspot", [CHANGE | changed])
    assert found == reason
    assert told in text
