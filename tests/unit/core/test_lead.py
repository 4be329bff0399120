"""Which events of a lead count, and what the order of their arrival may not change."""

import random

from schemas.load import load_settings
from tests.folding import Rows, fold_all
from tests.oracle.lead import Verdict
from tests.unit.core.events import DAY, HOUR, MINUTE, NOON, click, login, pricing, profile, web

SHIPPED = load_settings(None, {})
NAMES = [feature.name for feature in SHIPPED.features]


def verdicts(*events: dict[str, object]) -> list[Verdict]:
    return [known.verdict for known in Rows(SHIPPED).fold(events)]


def feature(name: str, *events: dict[str, object], now: int | None = None) -> float:
    rows = Rows(SHIPPED)
    rows.fold(events)
    return float(rows.vector("ann", now)[NAMES.index(name)])


def test_an_event_192_hour_tiles_back_counts_and_one_before_is_late() -> None:
    assert verdicts(login("now", NOON), login("then", NOON - 192 * HOUR)) == ["counted", "counted"]
    assert verdicts(login("now", NOON), login("then", NOON - 192 * HOUR - 1)) == ["counted", "late"]
    # Measured in hours of the clock: 59 minutes later the same event is still in time.
    assert verdicts(login("now", NOON + 59 * MINUTE), login("then", NOON - 192 * HOUR)) == ["counted", "counted"]


def test_a_late_event_leaves_no_trace() -> None:
    alone = fold_all(SHIPPED, [[login("now", NOON)]])
    assert fold_all(SHIPPED, [[login("now", NOON), pricing("then", NOON - 10 * DAY)]]) == alone


def test_an_event_sent_again_is_a_duplicate_whatever_else_it_says() -> None:
    assert verdicts(login("e", NOON), login("e", NOON)) == ["counted", "duplicate"]
    assert verdicts(login("e", NOON), pricing("e", NOON + HOUR)) == ["counted", "duplicate"]


def test_an_id_is_free_again_beyond_the_horizon() -> None:
    edge = [login("e", NOON), login("x", NOON + 192 * HOUR), login("e", NOON + 192 * HOUR)]
    assert verdicts(*edge) == ["counted", "counted", "duplicate"]
    beyond = [login("e", NOON), login("x", NOON + 193 * HOUR), login("e", NOON + 193 * HOUR)]
    assert verdicts(*beyond) == ["counted", "counted", "counted"]


def test_an_event_that_says_nothing_is_not_known_of() -> None:
    rows = Rows(SHIPPED)
    assert [known.verdict for known in rows.fold([web("e", NOON, name="scrolled")])] == ["nothing"]
    assert rows.packed == {}


def test_more_ids_than_are_kept_still_leave_one_row_in_any_order() -> None:
    # A machine: 4,400 events in seven days, where 4,096 ids are kept.
    events = [login(f"e-{i}", NOON + i * 137_000) for i in range(4_400)]
    in_order = fold_all(SHIPPED, [events])
    assert fold_all(SHIPPED, [random.Random(7).sample(events, len(events))]) == in_order
    assert fold_all(SHIPPED, [events[::-1]]) == in_order


def test_the_latest_profile_value_counts_and_of_two_at_one_time_the_larger() -> None:
    later, earlier = profile("b", NOON, employees=10), profile("a", NOON - HOUR, employees=99)
    assert feature("employees", later, earlier) == 10
    assert feature("employees", profile("a", NOON, employees=5), profile("b", NOON, employees=7.5)) == 7.5
    assert feature("employees", profile("b", NOON, employees=7.5), profile("a", NOON, employees=5)) == 7.5


def test_a_category_that_changed_to_an_unlisted_one_is_no_longer_the_old_one() -> None:
    was, became = profile("a", NOON - HOUR, seniority="vp"), profile("b", NOON, seniority="owner")
    assert feature("is_vp", was) == 1
    assert feature("is_vp", was, became) == 0


def test_the_landing_page_is_that_of_the_earliest_visit_even_if_it_arrives_last() -> None:
    assert feature("landed_on_pricing", web("b", NOON, "/blog"), pricing("a", NOON - DAY)) == 1
    assert feature("landed_on_pricing", pricing("a", NOON - DAY), web("b", NOON - 2 * DAY, "/about")) == 0
    # A visit without a path says nothing about where the lead landed.
    assert feature("landed_on_pricing", pricing("a", NOON), web("b", NOON - DAY, "")) == 1


def test_a_click_then_pricing_must_come_in_that_order_and_soon_enough() -> None:
    def followed(clicked: int, viewed: int) -> float:
        return feature(
            "click_then_pricing_24h", click("c", clicked), pricing("p", viewed), login("now", NOON + 2 * DAY)
        )

    assert followed(NOON, NOON + 24 * HOUR) == 1
    assert followed(NOON, NOON + 25 * HOUR) == 0
    assert followed(NOON + HOUR, NOON) == 0
    # Within one hour the order is not known, and counts as the one looked for.
    assert followed(NOON + 10 * MINUTE, NOON) == 1


def test_recency_and_tenure_stop_at_ninety_days() -> None:
    assert feature("hours_since_login", login("e", NOON), now=NOON + 90 * MINUTE) == 1.5
    assert feature("hours_since_login", login("e", NOON), now=NOON + 400 * DAY) == 2160
    assert feature("hours_since_login", pricing("e", NOON)) == 2160
    assert feature("tenure_hours", pricing("e", NOON), now=NOON + 36 * HOUR) == 36
    assert feature("tenure_hours", pricing("e", NOON), now=NOON + 91 * DAY) == 2160


def test_what_a_lead_was_before_a_batch_is_given_with_it() -> None:
    rows = Rows(SHIPPED)
    [first] = rows.fold([login("a", NOON)])
    assert set(rows.before["ann"]) == {0}
    rows.fold([pricing("b", NOON + HOUR), click("c", NOON + 2 * HOUR)])
    assert rows.before["ann"] == first.features
