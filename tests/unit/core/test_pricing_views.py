"""The behaviour every sales rep asks for first."""

import itertools

from schemas.load import load_settings
from tests.folding import Rows
from tests.unit.core.events import HOUR, MINUTE, NOON, pricing, web

SHIPPED = load_settings(None, {})
NAMES = [feature.name for feature in SHIPPED.features]


def pricing_views_48h(rows: Rows, now: int | None = None) -> float:
    return float(rows.vector("ann", now)[NAMES.index("pricing_views_48h")])


def test_three_pricing_page_views_in_48_hours() -> None:
    visits = [
        pricing("two days and an hour ago", NOON - 49 * HOUR),
        pricing("the day before", NOON - 30 * HOUR),
        pricing("last night", NOON - 14 * HOUR),
        pricing("now", NOON),
        web("the blog", NOON - HOUR, "/blog/post"),
    ]
    for order in itertools.permutations(visits):
        rows = Rows(SHIPPED)
        rows.fold([*order, order[0]])
        assert pricing_views_48h(rows) == 3


def test_they_leave_the_window_by_the_clock_alone() -> None:
    rows = Rows(SHIPPED)
    rows.fold([pricing("first", NOON - 47 * HOUR), pricing("second", NOON)])
    assert pricing_views_48h(rows) == 2
    # Windows of days are measured in hour tiles, so the hour of 13:00 is inside until 14:00 two days later.
    assert pricing_views_48h(rows, NOON + 2 * HOUR - 1) == 2
    assert pricing_views_48h(rows, NOON + 2 * HOUR) == 1
    assert pricing_views_48h(rows, NOON + 49 * HOUR) == 0


def test_the_features_are_those_of_each_moment() -> None:
    rows = Rows(SHIPPED)
    at = NAMES.index("pricing_views_1h")
    views = [pricing(f"view {i}", NOON + i * 20 * MINUTE) for i in range(6)]
    vectors = [memoryview(known.features).cast("f") for known in rows.fold(views)]
    # 5-minute tiles: the tile of the instant an hour ago is still inside.
    assert [vector[at] for vector in vectors] == [1, 2, 3, 4, 4, 4]
