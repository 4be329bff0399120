"""What one event says about its lead."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from tests.oracle.matching import Event, kind, recognised

Settings = Mapping[str, Any]

VALUE_LIMIT: Final = 10**12


class Said(NamedTuple):
    """What an event says.

    signals: name to value in thousandths. profile: field name to thousandths or code. landing: code of the page, 0
    where no entry fits, None where the event is no landing.
    """

    time: int
    signals: dict[str, int]
    profile: dict[str, int]
    outcome: bool
    landing: int | None

    @property
    def nothing(self) -> bool:
        return not self.signals and not self.profile and not self.outcome


def read(settings: Settings, event: Event) -> Said:
    """What the event says by the settings."""
    observed = settings["observed"]
    if event["type"] == "profile":
        return Said(event["time"], {}, _profile(settings, event), False, None)
    if recognised(observed["outcome"]["channel"], observed["outcome"]["match"], event):
        return Said(event["time"], {}, {}, True, None)
    signals = {
        signal["name"]: thousandths(event["properties"].get(signal["value"])) if signal.get("value") else 0
        for signal in observed["signals"]
        if recognised(signal["channel"], signal["match"], event)
    }
    return Said(event["time"], signals, {}, False, _landing(settings, event))


def thousandths(value: Any) -> int:
    """The nearest whole number of thousandths, halves to even; 0 for what is no number."""
    if kind(value) != "number" or not math.isfinite(value):
        return 0
    product = value * 1000
    if not math.isfinite(product):
        return VALUE_LIMIT if product > 0 else -VALUE_LIMIT
    whole = _nearest(Fraction(product))
    return max(-VALUE_LIMIT, min(VALUE_LIMIT, whole))


def _nearest(exact: Fraction) -> int:
    below = math.floor(exact)
    rest = exact - below
    if rest == Fraction(1, 2):
        return below if below % 2 == 0 else below + 1
    return below if rest < Fraction(1, 2) else below + 1


def _profile(settings: Settings, event: Event) -> dict[str, int]:
    values = {}
    for field in settings["observed"].get("profile", ()):
        if field["name"] not in event["properties"]:
            continue
        value = event["properties"][field["name"]]
        if field["kind"] == "number" and kind(value) == "number":
            values[field["name"]] = thousandths(value)
        if field["kind"] == "category" and kind(value) == "string":
            values[field["name"]] = 0
            for code, listed in enumerate(field["values"], start=1):
                if listed == value:
                    values[field["name"]] = code
    return values


def _landing(settings: Settings, event: Event) -> int | None:
    if event["type"] != "web" or event["path"] == "":
        return None
    for code, page in enumerate(settings["observed"].get("landing", ()), start=1):
        if recognised("web", [{"path": page["path"]}], event):
            return code
    return 0
