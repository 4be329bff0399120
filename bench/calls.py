"""The calls that leads of the reference job make: what they do, how often, and the Segment JSON of it."""

import json
from typing import Any, Final

import numpy as np

VARIANTS: Final = 16
"""Different calls of one signal."""

_PAGES: Final = {
    "blog_view": "/blog/how-teams-measure-",
    "docs_view": "/docs/guides/connect-",
    "pricing_view": "/pricing/plan-",
    "case_study_view": "/customers/story-of-",
}
_EVENTS: Final = {
    "signed_in": "Signed In",
    "report_viewed": "Report Viewed",
    "report_exported": "Report Exported",
    "invite_sent": "Invite Sent",
    "integration_added": "Integration Added",
    "demo_requested": "Demo Requested",
    "email_opened": "Email Opened",
    "email_clicked": "Email Link Clicked",
}
_SUBJECTS: Final = (
    "pipeline", "churn", "adoption", "revenue", "retention", "support", "usage", "growth",
    "onboarding", "billing", "security", "quality", "latency", "coverage", "forecasts", "renewals",
)  # fmt: skip
SIGNALS: Final = (*_PAGES, *_EVENTS)
"""In the order of their numbers in reference.yaml."""

_CASUAL: Final = (16, 16, 3, 3, 14, 26, 5, 1, 0.5, 0.3, 11, 4.2)
_KEEN: Final = (6, 14, 12, 6, 16, 22, 7, 4, 2.5, 1.5, 5, 4)

Shares = np.ndarray[tuple[int], np.dtype[np.float64]]


def _cumulated(weights: tuple[float, ...]) -> Shares:
    """The upper end of each signal's share of [0, 1); the last is beyond it."""
    ends = np.cumsum(np.array(weights, np.float64)) / sum(weights)
    ends[-1] = 1.0
    return ends


CASUAL: Final = _cumulated(_CASUAL)
KEEN: Final = _cumulated(_KEEN)


def _template(signal: str, subject: str) -> str:
    """The call with places for messageId, timestamp and userId, in this order."""
    call: dict[str, Any] = {"messageId": "%s", "timestamp": "%sZ", "userId": "%s"}
    context: dict[str, Any] = {
        "library": {"name": "analytics.js", "version": "2.11.1"},
        "ip": "203.0.113.24",
        "locale": "en-GB",
    }
    if signal in _PAGES:
        path = _PAGES[signal] + subject
        page = {"path": path, "title": f"How {subject} is done", "referrer": "https://search.example/"}
        call |= {"type": "page", "properties": page, "context": context}
    else:
        told = {"subject": subject, "plan": "team", "workspace": f"{subject}-eu-1", "seats": 5 + len(subject)}
        call |= {"type": "track", "event": _EVENTS[signal], "properties": told, "context": context}
    return json.dumps(call, separators=(",", ":"))


TEMPLATES: Final = tuple(_template(signal, subject) for signal in SIGNALS for subject in _SUBJECTS)
"""VARIANTS for each signal, in the order of SIGNALS."""
