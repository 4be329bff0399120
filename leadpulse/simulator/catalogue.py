"""Every event that can happen, apart from profiles: its channel and the part of its JSON that is always the same."""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.events import Channel

_POSTS: Final = ("scoring-guide", "pipeline-review", "forecasting", "cold-email", "benchmarks", "handover", "news")
_CUSTOMERS: Final = ("northwind", "contoso", "fabrikam", "tailspin", "litware")
_DOCS: Final = ("quickstart", "api", "webhooks", "security", "sso", "import", "limits")
_CAMPAIGNS: Final = ("newsletter", "webinar", "release", "nurture-1", "nurture-2")
_TOPICS: Final = ("lead scoring", "sales engagement", "revenue operations")
_FEATURES: Final = ("boards", "reports", "automation")
_HALF_HOURS: Final = 60


class Kind(NamedTuple):
    """A run of codes that are variants of one thing."""

    first: int
    size: int


CHANNELS: list[Channel] = []
"""The channel of each code."""
BODIES: list[str] = []
"""The members of the JSON object of each code, from ``"type"`` on."""


def _kind(channel: Channel, bodies: Iterable[dict[str, object]]) -> Kind:
    first = len(BODIES)
    for body in bodies:
        CHANNELS.append(channel)
        BODIES.append(json.dumps({"type": channel} | body, separators=(",", ":"))[1:-1])
    return Kind(first, len(BODIES) - first)


def _pages(paths: Iterable[str]) -> Kind:
    return _kind("web", ({"name": "page_view", "path": path, "properties": {"device": "desktop"}} for path in paths))


def _named(channel: Channel, name: str, key: str, values: Iterable[object]) -> Kind:
    return _kind(channel, ({"name": name, "properties": {key: value}} for value in values))


HOME: Final = _pages(["/"])
BLOG: Final = _pages(f"/blog/{post}" for post in _POSTS)
PRICING: Final = _pages(["/pricing", "/pricing/teams"])
CASES: Final = _pages(f"/customers/{customer}" for customer in _CUSTOMERS)
DOCS: Final = _pages(f"/docs/{page}" for page in _DOCS)
PAGES: Final = (HOME, BLOG, PRICING, CASES, DOCS)
DEMO_REQUEST: Final = _kind("web", [{"name": "demo_request", "path": "/demo"}])
EMAIL_OPEN: Final = _named("email", "email_open", "campaign", _CAMPAIGNS)
EMAIL_CLICK: Final = _named("email", "email_click", "campaign", _CAMPAIGNS)
UNSUBSCRIBE: Final = _named("email", "email_unsubscribe", "campaign", _CAMPAIGNS)
LOGIN: Final = _kind("product", [{"name": "login"}])
INVITE: Final = _kind("product", [{"name": "invite_sent"}])
USAGE: Final = _kind(
    "product",
    (
        {"name": "feature_used", "properties": {"feature": feature, "minutes": step / 2}}
        for feature in _FEATURES
        for step in range(1, _HALF_HOURS + 1)
    ),
)
CALL: Final = _named("crm", "call", "result", ["connected", "voicemail"])
MEETING: Final = _kind("crm", [{"name": "meeting"}])
SURGE: Final = _named("intent", "topic_surge", "topic", _TOPICS)
CONVERTED: Final = _kind("crm", [{"type": "outcome", "name": "converted"}])
PROFILE: Final = _kind("crm", [{"type": "profile"}])
"""The fields follow: they differ from lead to lead."""
