"""Where windows begin: exactly at the tile of T - W, in tiles whose length follows from W."""

import pytest

from schemas.load import default_settings
from schemas.settings import Settings
from tests.folding import Rows
from tests.unit.core.events import DAY, HOUR, MINUTE, NOON, login, pricing

NOW = NOON + 37 * MINUTE + 12_345

WINDOWS = [
    (5 * MINUTE, 5 * MINUTE),
    (HOUR, 5 * MINUTE),
    (12 * HOUR - 1, 5 * MINUTE),
    (12 * HOUR, HOUR),
    (48 * HOUR, HOUR),
    (12 * DAY - 1, HOUR),
    (12 * DAY, DAY),
    (90 * DAY, DAY),
]


def views(window: int, *, seen: int, latest: int, now: int | None = None) -> float:
    """Pricing views in the window, after one at `seen` and something else at `latest`."""
    feature = {"name": "views", "kind": "count", "signals": ["pricing_view"], "window": window}
    scorecard = {"rules": [{"feature": "views", "points": 1}]}
    rows = Rows(Settings.model_validate(default_settings() | {"features": [feature], "scorecard": scorecard}))
    rows.fold([pricing("seen", seen)])
    rows.fold([login("latest", latest)])
    return float(rows.vector("ann", now)[0])


@pytest.mark.parametrize(("window", "tile"), WINDOWS)
def test_the_tile_of_its_beginning_is_inside_as_a_whole_and_nothing_before(window: int, tile: int) -> None:
    edge = (NOW - window) // tile * tile
    assert views(window, seen=edge, latest=NOW) == 1
    assert views(window, seen=edge - 1, latest=NOW) == 0


@pytest.mark.parametrize(("window", "tile"), WINDOWS)
def test_it_moves_with_the_clock_where_no_event_moves_it(window: int, tile: int) -> None:
    last = NOW // tile * tile + tile + window - 1
    assert views(window, seen=NOW, latest=NOW, now=last) == 1
    assert views(window, seen=NOW, latest=NOW, now=last + 1) == 0


@pytest.mark.parametrize(("window", "tile"), WINDOWS)
def test_at_the_very_end_of_an_hour_and_of_a_day_it_is_whole(window: int, tile: int) -> None:
    for end in (NOON + HOUR - 1, NOON + 12 * HOUR - 1, NOON, NOON + 12 * HOUR):
        edge = (end - window) // tile * tile
        assert views(window, seen=edge, latest=end) == 1
        assert views(window, seen=edge - 1, latest=end) == 0


def test_an_occurrence_at_the_far_end_of_an_uneven_window_has_the_weight_of_its_age() -> None:
    # 300 hours are twelve and a half days, so in the morning the window begins thirteen days before.
    six = NOON - 6 * HOUR
    features = [
        {"name": name, "kind": "intensity", "signals": [signal], "window": "300h", "half_life": "13d"}
        for name, signal in (("pricing", "pricing_view"), ("logins", "login"))
    ]
    scorecard = {"rules": [{"feature": "pricing", "points": 1}]}
    rows = Rows(Settings.model_validate(default_settings() | {"features": features, "scorecard": scorecard}))
    rows.fold([pricing("seen", six - 13 * DAY + 12 * HOUR), login("latest", six)])
    assert rows.vector("ann").tolist() == [0.5, 1.0]
