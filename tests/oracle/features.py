"""Every kind of feature, by its definition, as loops over what the counted events of one lead say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tests.oracle.durations import DAY, HOUR, milliseconds, tile_of_window
from tests.oracle.events import Said, Settings

Feature = Mapping[str, Any]
Occurrence = tuple[int, str, int]
"""Time, signal's name, value in thousandths."""

HOURS_LIMIT: Final = 2160.0


def vector(settings: Settings, counted: Sequence[Said], now: int) -> list[np.float32]:
    """The features of a lead with these counted events as of an instant no earlier than any of them."""
    return [np.float32(_KINDS[feature["kind"]](settings, feature, counted, now)) for feature in settings["features"]]


def _occurrences(settings: Settings, names: Sequence[str], counted: Sequence[Said]) -> list[Occurrence]:
    """Every occurrence of the named signals, or of all where none is named."""
    named = names or [signal["name"] for signal in settings["observed"]["signals"]]
    return [(said.time, name, value) for said in counted for name, value in said.signals.items() if name in named]


def _begin(feature: Feature, now: int) -> int:
    """The first instant of the tile that the window begins in: what happened from then on is inside."""
    window = milliseconds(feature["window"])
    tile = tile_of_window(window)
    return (now - window) // tile * tile


def _windowed(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> list[Occurrence]:
    begin = _begin(feature, now)
    every = _occurrences(settings, feature.get("signals", ()), counted)
    return [occurrence for occurrence in every if occurrence[0] >= begin]


def _count(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    return len(_windowed(settings, feature, counted, now))


def _sum(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    return sum(value for _, _, value in _windowed(settings, feature, counted, now)) / 1000.0


def _active_days(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    return len({time // DAY for time, _, _ in _windowed(settings, feature, counted, now)})


def _breadth(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    names = {name for _, name, _ in _windowed(settings, feature, counted, now)}
    if feature.get("of", "signals") == "signals":
        return len(names)
    return len({signal["channel"] for signal in settings["observed"]["signals"] if signal["name"] in names})


def _per_visit(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    web = [signal["name"] for signal in settings["observed"]["signals"] if signal["channel"] == "web"]
    every = _occurrences(settings, (), counted)
    begin = _begin(feature, now)
    visits = {time // HOUR for time, name, _ in every if name in web and time >= begin}
    return len(_windowed(settings, feature, counted, now)) / len(visits) if visits else 0.0


def _intensity(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    tile = tile_of_window(milliseconds(feature["window"]))
    half_life = milliseconds(feature["half_life"])
    total = 0
    for time, _, _ in _windowed(settings, feature, counted, now):
        age = now // tile - time // tile
        total += round(2**20 * 2.0 ** (-age * tile / half_life))
    return total / 2**20


def _velocity(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    today = now // DAY
    days = [time // DAY for time, _, _ in _occurrences(settings, feature.get("signals", ()), counted)]
    recent = sum(1 for day in days if today - 6 <= day <= today)
    before = sum(1 for day in days if today - 27 <= day <= today - 7)
    return (recent + 1) / (before / 3 + 1)


def _recency(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    times = [time for time, _, _ in _occurrences(settings, feature.get("signals", ()), counted)]
    return min((now - max(times)) / HOUR, HOURS_LIMIT) if times else HOURS_LIMIT


def _sequence(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    within, begin = milliseconds(feature["within"]), _begin(feature, now)
    for first, _, _ in _occurrences(settings, feature["first"], counted):
        for then, _, _ in _occurrences(settings, feature["then"], counted):
            both = first >= begin and then >= begin
            if both and 0 <= (then // HOUR - first // HOUR) * HOUR <= within:
                return 1.0
    return 0.0


def _tenure(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    return min((now - min(said.time for said in counted)) / HOUR, HOURS_LIMIT)


def _landing(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    landings = [(said.time, said.landing) for said in counted if said.landing is not None]
    names = [page["name"] for page in settings["observed"].get("landing", ())]
    return 1.0 if landings and min(landings)[1] == names.index(feature["page"]) + 1 else 0.0


def _profile(settings: Settings, feature: Feature, counted: Sequence[Said], now: int) -> float:
    name = feature["field"]
    values = [(said.time, said.profile[name]) for said in counted if name in said.profile]
    if not values:
        return 0.0
    latest = max(values)[1]
    field = next(field for field in settings["observed"]["profile"] if field["name"] == name)
    if field["kind"] == "number":
        return latest / 1000.0
    return 1.0 if latest == field["values"].index(feature["equals"]) + 1 else 0.0


_KINDS: Final[dict[str, Callable[[Settings, Feature, Sequence[Said], int], float]]] = {
    "count": _count,
    "sum": _sum,
    "active_days": _active_days,
    "breadth": _breadth,
    "per_visit": _per_visit,
    "intensity": _intensity,
    "velocity": _velocity,
    "recency": _recency,
    "sequence": _sequence,
    "tenure": _tenure,
    "landing": _landing,
    "profile": _profile,
}
