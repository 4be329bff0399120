"""Generated traffic: what leads of a B2B software company do, as raw events and as input records."""

import json
import random
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from schemas.times import DAY, HOUR, MINUTE, format_time
from tests.integration.topics import Sent
from tests.oracle.matching import Event

BEGIN: Final = 1_772_323_200_000
"""2026-03-01T00:00:00Z."""

_DONE: Final = (
    (12, "web", "page_view"), (2, "web", "demo_request"), (3, "email", "email_open"), (3, "email", "email_click"),
    (1, "email", "email_unsubscribe"), (5, "product", "login"), (1, "product", "invite_sent"),
    (3, "product", "feature_used"), (1, "crm", "call"), (1, "crm", "meeting"), (1, "intent", "topic_surge"),
    (2, "profile", ""), (1, "outcome", "converted"), (1, "web", "nothing_of_interest"),
)  # fmt: skip
_PATHS: Final = ("/pricing", "/pricing/annual", "/customers/acme", "/docs/start", "/blog/news", "/", "")
_MINUTES: Final = (0.5, 3, 12.25, "unknown", None)
_FIELDS: Final = ({"seniority": "vp"}, {"seniority": "director", "industry": "software"}, {"employees": 250})


class Arrival(NamedTuple):
    """A raw event with the time of its record."""

    event: Event
    timestamp: int


def traffic(seed: int, leads: int, events: int, days: int = 20, *, disorder: bool = False) -> list[Arrival]:
    """Events of many leads in the order of arrival.

    disorder: some come hours late, some days, some beyond the horizon, and some come twice.
    """
    choose = random.Random(seed)
    arrivals = []
    for number in range(events):
        event = _event(choose, f"e{seed}-{number}", _lead(choose, leads), BEGIN + choose.randrange(days * DAY))
        arrivals.append(Arrival(event, event["time"] + choose.randrange(MINUTE)))
        if disorder:
            arrivals[-1] = Arrival(event, event["time"] + choose.choice((0, 0, 0, MINUTE, 5 * HOUR, 3 * DAY, 12 * DAY)))
            if choose.random() < 0.15:
                arrivals.append(Arrival(event, arrivals[-1].timestamp + choose.choice((0, MINUTE, DAY))))
    return sorted(arrivals, key=lambda each: each.timestamp)


def sent(topic: str, arrivals: Sequence[Arrival]) -> list[Sent]:
    """The arrivals as records of one topic."""
    return [Sent(topic, each.event["lead"].encode(), wire(each.event), each.timestamp) for each in arrivals]


def wire(event: Event) -> bytes:
    """The event in the native format."""
    content: dict[str, Any] = {key: event[key] for key in ("id", "lead", "type")} | {"time": format_time(event["time"])}
    if event["type"] == "profile":
        content["fields"] = event["properties"]
    else:
        content |= {"name": event["name"], "properties": event["properties"]}
    if event["type"] == "web":
        content["path"] = event["path"]
    return json.dumps(content, ensure_ascii=False).encode()


def _lead(choose: random.Random, leads: int) -> str:
    # Some leads are far busier than others.
    number = min(choose.randrange(leads), choose.randrange(leads))
    return f"anon:zoë-{number}" if number % 7 == 0 else f"lead-{number}"


def _event(choose: random.Random, name: str, lead: str, time: int) -> Event:
    _, kind, done = choose.choices(_DONE, [weight for weight, _, _ in _DONE])[0]
    properties: dict[str, Any] = {}
    if kind == "profile":
        properties = choose.choice(_FIELDS)
    elif done == "feature_used":
        properties = {"minutes": choose.choice(_MINUTES)}
    path = choose.choice(_PATHS) if kind == "web" else ""
    return {"id": name, "lead": lead, "time": time, "type": kind, "name": done, "path": path, "properties": properties}
