"""Small event logs whose leads convert the more often the more they do, and settings to learn from them."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from schemas.load import default_settings
from schemas.settings import Settings
from schemas.times import DAY, HOUR, format_time

BEGIN: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""

ARRIVALS: Final = 150
"""Days in which leads come."""


@dataclass(frozen=True)
class World:
    """How leads behave.

    leak: an invoice is sent ahead of every conversion. shuffled: who converts has nothing to do with what they did.
    banded: companies of 150 to 300 people convert and no others.
    """

    leads: int = 1600
    converting: bool = True
    leak: bool = False
    shuffled: bool = False
    banded: bool = False
    seed: int = 7


def settings(**sections: Any) -> Settings:
    """Five signals and seventeen features."""
    signals = [
        _signal(0, "visit", [{"name": "page_view"}]),
        _signal(1, "pricing_view", [{"name": "page_view", "path": "/pricing*"}]),
        _signal(2, "call", [{"name": "call"}], channel="crm"),
        _signal(3, "lesson", [{"name": "lesson"}], channel="product", value="minutes"),
        _signal(4, "invoice", [{"name": "invoice"}], channel="crm"),
    ]
    features = [
        *({"name": f"visits_{w}", "kind": "count", "signals": ["visit"], "window": w} for w in ("24h", "7d", "30d")),
        *({"name": f"pricing_{w}", "kind": "count", "signals": ["pricing_view"], "window": w} for w in ("24h", "30d")),
        *({"name": f"minutes_{w}", "kind": "sum", "signals": ["lesson"], "window": w} for w in ("7d", "30d")),
        {"name": "calls_30d", "kind": "count", "signals": ["call"], "window": "30d"},
        {"name": "invoices_30d", "kind": "count", "signals": ["invoice"], "window": "30d"},
        {"name": "active_days_30d", "kind": "active_days", "signals": ["visit", "lesson"], "window": "30d"},
        {"name": "hours_since", "kind": "recency", "signals": ["visit", "lesson"]},
        {"name": "intensity", "kind": "intensity", "window": "30d", "half_life": "3d"},
        {"name": "velocity", "kind": "velocity"},
        {"name": "breadth", "kind": "breadth", "window": "30d"},
        {"name": "visit_then_lesson", "kind": "sequence", "first": ["visit"], "then": ["lesson"], "within": "24h",
         "window": "7d"},
        {"name": "tenure", "kind": "tenure"},
        {"name": "employees", "kind": "profile", "field": "employees"},
    ]  # fmt: skip
    observed = {
        "signals": signals,
        "profile": [{"kind": "number", "number": 0, "name": "employees"}],
        "outcome": {"channel": "outcome", "match": [{"name": "converted"}]},
    }
    scorecard = {"rules": [{"feature": "visits_7d", "points": 10}]}
    content = {"observed": observed, "features": features, "scorecard": scorecard}
    return Settings.model_validate(default_settings() | content | sections)


def events(world: World) -> list[dict[str, Any]]:
    """Native events, lead after lead."""
    random = np.random.default_rng(world.seed)
    drive = random.normal(size=world.leads)
    fate = random.permutation(drive) if world.shuffled else drive
    found: list[dict[str, Any]] = []
    for lead in range(world.leads):
        begin = BEGIN + int(random.uniform(0, ARRIVALS) * DAY)
        name = f"lead-{lead:05d}"
        employees = int(random.integers(1, 500))
        rows = [_event(name, begin, "profile", fields={"employees": employees})]
        deeds = 1 + int(random.poisson(3 * np.exp(0.7 * drive[lead])))
        rows += [_activity(name, begin + int(random.exponential(6) * DAY), random) for _ in range(deeds)]
        chance = 1 / (1 + np.exp(2.2 - 1.1 * fate[lead]))
        if world.banded:
            chance = 0.6 if 150 <= employees < 300 else 0.02
        if world.converting and random.random() < chance:
            end = begin + int(random.uniform(1.2, 25) * DAY)
            rows.append(_event(name, end, "outcome", name="converted"))
            if world.leak:
                rows.append(_event(name, max(begin + HOUR, end - 20 * DAY), "crm", name="invoice"))
        found += [row | {"id": f"{name}-{number}"} for number, row in enumerate(rows)]
    found.append(_event("lead-00000", BEGIN + (ARRIVALS + 70) * DAY, "web", name="page_view") | {"id": "last"})
    return found


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """One event a line; gzipped where the name says so."""
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def _signal(number: int, name: str, match: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"number": number, "name": name, "channel": "web", "label": name, "match": match} | more


def _event(lead: str, time: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"lead": lead, "time": format_time(time), "type": kind} | more


def _activity(lead: str, time: int, random: np.random.Generator) -> dict[str, Any]:
    kind = random.integers(0, 8)
    if kind == 0:
        return _event(lead, time, "crm", name="call")
    if kind < 3:
        return _event(lead, time, "product", name="lesson", properties={"minutes": float(random.integers(1, 90))})
    return _event(lead, time, "web", name="page_view", path="/pricing" if kind == 3 else "/docs")
