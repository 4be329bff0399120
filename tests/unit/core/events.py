"""Events of one lead, written briefly."""

from typing import Any, Final

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

NOON: Final = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""


def web(identifier: str, time: int, path: str = "/", name: str = "page_view") -> dict[str, Any]:
    return _event(identifier, time, "web", name, path)


def pricing(identifier: str, time: int) -> dict[str, Any]:
    return web(identifier, time, "/pricing")


def login(identifier: str, time: int) -> dict[str, Any]:
    return _event(identifier, time, "product", "login")


def click(identifier: str, time: int) -> dict[str, Any]:
    return _event(identifier, time, "email", "email_click")


def profile(identifier: str, time: int, **fields: Any) -> dict[str, Any]:
    return _event(identifier, time, "profile", "") | {"properties": fields}


def _event(identifier: str, time: int, channel: str, name: str, path: str = "") -> dict[str, Any]:
    return {
        "id": identifier, "lead": "ann", "time": time, "type": channel, "name": name, "path": path, "properties": {},
    }  # fmt: skip
