"""Settings that contradict each other are refused by a sentence that names what is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.schemas.files import Change, shipped


def refusal(change: Change) -> str:
    with pytest.raises(ValidationError) as refused:
        shipped(change)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in refused.value.errors())


def tiers(*above: dict[str, Any]) -> Change:
    return lambda content: content.update(tiers={"above": list(above)})


def feature(**added: Any) -> Change:
    return lambda content: content["features"].append({"name": "added"} | added)


def signal(**added: Any) -> Change:
    usual = {"number": 40, "name": "added", "channel": "web", "label": "added", "match": [{"name": "added"}]}
    return lambda content: content["observed"]["signals"].append(usual | added)


def card(**changed: Any) -> Change:
    return lambda content: content["scorecard"].update(changed)


def observed(**changed: Any) -> Change:
    return lambda content: content["observed"].update(changed)


def test_tiers_go_by_share_or_by_score_and_never_by_both() -> None:
    assert "mix no bands" in refusal(tiers({"name": "hot", "share": 0.1}, {"name": "warm", "score": 50}))
    assert "tiers.above.0: " in refusal(tiers({"name": "hot", "share": 0.1, "score": 80}))
    assert "give one of share, per_day" in refusal(tiers({"name": "hot"}))


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"every": "4m"}, "decay.every: Input should be greater than or equal to 300000"),
        ({"every": "8d"}, "decay.every: Input should be less than or equal to 604800000"),
        ({"every": "often"}, "decay.every: Value error, not a duration such as"),
        ({"quiet": "500ms"}, "decay.quiet: Input should be greater than or equal to 1000"),
        ({"expire": "99d"}, "decay.expire: Input should be greater than or equal to 8640000000"),
        ({"expire": None}, "decay.expire: Value error, not a duration such as"),
    ],
)
def test_decay_that_forgets_what_still_counts_is_refused_by_its_name(section: dict[str, Any], told: str) -> None:
    assert told in refusal(lambda content: content.update(decay=section))


def test_decay_can_be_left_out_and_switched_off() -> None:
    assert shipped().decay.every == 6 * 3_600_000
    assert shipped(lambda content: content.update(decay={"every": None})).decay.every is None


@pytest.mark.parametrize("edges", [("share", 0.3, 0.1), ("share", 0.1, 0.1), ("score", 50, 80), ("score", 50, 50)])
def test_tiers_begin_with_the_highest(edges: tuple[str, float, float]) -> None:
    by, first, second = edges
    text = refusal(tiers({"name": "hot", by: first}, {"name": "warm", by: second}))
    assert text.startswith("tiers: ")
    assert "name the highest band first, each with an edge of its own" in text


def test_a_single_tier_and_tiers_by_score_are_fine() -> None:
    def one(content: dict[str, Any]) -> None:
        tiers({"name": "hot", "score": 80}, {"name": "warm", "score": 50})(content)

    assert [tier.score for tier in shipped(one).tiers.above] == [80, 50]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (feature(kind="count", signals=["page_veiw"], window="1h"), "feature added: no signal is called page_veiw"),
        (
            feature(kind="sequence", first=["email_click"], then=["pricing"], within="1h", window="1d"),
            "feature added: no signal is called pricing",
        ),
        (feature(kind="sum", signals=["login"], window="1h"), "feature added: none of its signals has a value to sum"),
        (feature(kind="landing", page="home"), "feature added: no landing page is called home"),
        (feature(kind="profile", field="size"), "feature added: no profile field is called size"),
        (feature(kind="profile", field="employees", equals="9"), "employees is a number, so leave out equals"),
        (feature(kind="profile", field="seniority", equals="king"), "equals must be one of staff, manager"),
        (feature(kind="profile", field="seniority"), "equals must be one of staff, manager"),
        (feature(name="employees", kind="tenure"), "feature name used twice: employees"),
    ],
)
def test_a_feature_names_only_what_is_observed(change: Change, told: str) -> None:
    assert told in refusal(change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (feature(kind="count", window="91d"), "less than or equal to 7776000000"),
        (feature(kind="count", window="1m"), "greater than or equal to 300000"),
        (feature(kind="per_visit", window="12d"), "less than or equal to 1033200000"),
        (feature(kind="counts", window="1d"), "features.44: "),
        (feature(kind="count", window="1d", half_life="1d"), "features.44.count.half_life: Extra inputs"),
        (feature(name="Added", kind="tenure"), "features.44.tenure.name: String should match pattern"),
    ],
)
def test_a_feature_that_cannot_be_computed_is_refused_by_its_place(change: Change, told: str) -> None:
    assert told in refusal(change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (signal(number=3), "signal number used twice: 3"),
        (signal(name="login"), "signal name used twice: login"),
        (
            observed(profile=[{"number": 0, "kind": "number", "name": name} for name in ("a", "b")]),
            "profile number used twice: 0",
        ),
        (
            observed(profile=[{"number": number, "kind": "number", "name": "a"} for number in (0, 1)]),
            "profile field used twice: a",
        ),
        (observed(landing=[{"name": "a", "path": path} for path in ("/a", "/b")]), "landing page used twice: a"),
    ],
)
def test_numbers_and_names_are_given_once(change: Change, told: str) -> None:
    text = refusal(change)
    assert text.startswith("observed: ")
    assert told in text


@pytest.mark.parametrize("number", [-1, 64])
def test_a_signal_has_a_place_in_the_stored_row(number: int) -> None:
    assert refusal(signal(number=number)).startswith("observed.signals.14.number: ")


def test_a_signal_may_not_be_the_outcome_itself() -> None:
    won = {"name": "deal_won"}

    def leak(content: dict[str, Any]) -> None:
        signal(channel="crm", match=[{"name": "call"}, won])(content)
        content["observed"]["outcome"] = {"channel": "crm", "match": [won]}

    assert "signal added is the outcome itself: a feature of it leaks the answer" in refusal(leak)


def test_the_scorecard_names_existing_features_once_each() -> None:
    rule = {"feature": "employees", "points": 1}
    assert "scorecard: no feature is called points" in refusal(card(rules=[{"feature": "points", "points": 1}]))
    assert "scorecard: two rules for employees" in refusal(card(rules=[rule, rule]))


@pytest.mark.parametrize("edges", [[50], [50, 25, 10], [25, 50], [50, 50]])
def test_the_scorecard_has_falling_points_for_each_tier(edges: list[float]) -> None:
    assert "scorecard.tiers: give 2 falling numbers of points, one a tier" in refusal(card(tiers=edges))


def test_an_input_topic_is_read_once() -> None:
    assert refusal(lambda content: content.update(topics={"inputs": ["web", "web"]})).startswith("topics: ")


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "ä", "a\n"])
@pytest.mark.parametrize("field", ["application", "worker"])
def test_names_of_groups_and_transactions_are_plain(field: str, name: str) -> None:
    assert refusal(lambda content: content.update({field: name})).startswith(f"{field}: ")


def test_settings_cannot_be_changed_once_loaded() -> None:
    settings = shipped()
    with pytest.raises(ValidationError, match="frozen"):
        settings.worker = "another"


def test_workers_without_transactions_are_refused_a_group_that_cannot_tell_their_place_in_it() -> None:
    def change(content: dict[str, Any]) -> None:
        content.update(guarantee="at_least_once", kafka={"group_protocol": "consumer"})

    assert "guarantee: at_least_once needs kafka.group_protocol: classic" in refusal(change)
