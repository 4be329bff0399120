"""Digests change when, and only when, what they stand for changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.digest import configuration_digest, definitions, digest, features_digest
from schemas.load import load_settings
from tests.unit.schemas.files import Change, shipped

SHIPPED = shipped()


def signal(name: str, /, **changed: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        next(each for each in content["observed"]["signals"] if each["name"] == name).update(changed)

    return change


def feature(name: str, /, **changed: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        next(each for each in content["features"] if each["name"] == name).update(changed)

    return change


def observed(**changed: Any) -> Change:
    return lambda content: content["observed"].update(changed)


ADDED = {"number": 20, "name": "webinar", "channel": "web", "label": "webinar", "match": [{"name": "webinar"}]}


def add_signal(content: dict[str, Any]) -> None:
    content["observed"]["signals"].insert(0, ADDED)


def test_a_digest_is_of_the_content_not_of_its_order() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1, "b": [1, 2]}) != digest({"a": 1, "b": [2, 1]})


@pytest.mark.parametrize(
    "change",
    [
        signal("pricing_view", label="look at the prices"),
        signal("pricing_view", notable=False),
        lambda content: content.update(decisions={"drivers": 2}),
        lambda content: content.update(worker="worker-9", web={"port": 1}),
        lambda content: content["scorecard"].update(double_odds=99),
    ],
)
def test_what_leaves_every_vector_alone_leaves_the_features_digest_alone(change: Change) -> None:
    assert features_digest(shipped(change)) == features_digest(SHIPPED)


@pytest.mark.parametrize(
    "change",
    [
        feature("pricing_views_48h", window="49h"),
        feature("pricing_views_48h", signals=["docs_view"]),
        feature("pricing_views_1h", name="pricing_views_lately"),
        feature("intent_14d", half_life="13d"),
        signal("pricing_view", match=[{"name": "page_view", "path": "/prices*"}]),
        signal("usage", value="seconds"),
        add_signal,
        lambda content: content["features"].reverse(),
        observed(landing=[{"name": "pricing", "path": "/p*"}]),
    ],
)
def test_what_changes_a_vector_changes_the_features_digest(change: Change) -> None:
    assert features_digest(shipped(change)) != features_digest(SHIPPED)


def test_two_spellings_of_a_duration_are_one_setting() -> None:
    changed = shipped(feature("pricing_views_48h", window="2d"))
    assert features_digest(changed) == features_digest(SHIPPED)


def test_what_changes_an_output_changes_the_configuration_digest() -> None:
    changes: list[Change] = [
        lambda content: content.update(decisions={"drivers": 2}),
        lambda content: content.update(application="another"),
        signal("pricing_view", label="look at the prices"),
        feature("pricing_views_48h", window="49h"),
        lambda content: content.update(decay={"every": "1h"}),
        lambda content: content.update(decay={"expire": "200d"}),
    ]
    digests = [configuration_digest(shipped(change)) for change in changes]
    assert len({configuration_digest(SHIPPED), *digests}) == 7


def test_where_a_worker_runs_does_not_change_the_configuration_digest() -> None:
    settings = load_settings(
        None,
        {
            "LEADPULSE__WORKER": "worker-9",
            "LEADPULSE__KAFKA__BOOTSTRAP": "elsewhere:9092",
            "LEADPULSE__STATE": "/elsewhere",
            "LEADPULSE__LIMITS__EPOCH": "50ms",
        },
    )
    assert configuration_digest(settings) == configuration_digest(SHIPPED)


def test_the_digests_survive_writing_the_settings_out_and_reading_them_back(tmp_path: Path) -> None:
    path = tmp_path / "written.yaml"
    path.write_text(json.dumps(SHIPPED.model_dump(mode="json")), encoding="utf-8")  # JSON is YAML
    read = load_settings(path, {})
    assert features_digest(read) == features_digest(SHIPPED)
    assert configuration_digest(read) == configuration_digest(SHIPPED)


def extend(content: dict[str, Any]) -> None:
    """Everything that may be added to settings whose rows exist."""
    add_signal(content)
    kept = content["observed"]
    kept["profile"].append({"number": 9, "kind": "number", "name": "revenue"})
    kept["profile"][1]["values"].append("owner")
    kept["landing"].append({"name": "docs", "path": "/docs*"})
    content["features"].append({"name": "webinars", "kind": "count", "signals": ["webinar"], "window": "30d"})


def test_what_is_added_leaves_the_definitions_of_stored_rows_alone() -> None:
    before, after = definitions(SHIPPED), definitions(shipped(extend))
    assert before.items() < after.items()
    assert after.keys() - before.keys() == {"signal 20", "profile 9", "profile 1 value 6", "landing 3"}


@pytest.mark.parametrize("change", [signal("login", label="sign-in"), signal("login", notable=True)])
def test_words_are_no_part_of_the_definitions(change: Change) -> None:
    assert definitions(shipped(change)) == definitions(SHIPPED)


def test_a_signal_can_be_renamed() -> None:
    def rename(content: dict[str, Any]) -> None:
        signal("docs_view", name="manual_view")(content)
        feature("docs_views_7d", signals=["manual_view"])(content)

    assert definitions(shipped(rename)) == definitions(SHIPPED)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (signal("login", match=[{"name": "sign_in"}]), {"signal 8"}),
        (signal("usage", value="seconds"), {"signal 10"}),
        (signal("login", number=30), {"signal 8"}),
        (lambda content: content["observed"]["landing"].reverse(), {"landing 1", "landing 2"}),
        (lambda content: content["observed"]["profile"][2]["values"].pop(), {"profile 2 value 5"}),
        (lambda content: content["observed"]["profile"][0].update(name="staff"), {"profile 0"}),
        (observed(outcome={"channel": "outcome", "match": [{"name": "won"}]}), {"outcome"}),
    ],
)
def test_what_is_changed_is_named_by_its_place(change: Change, named: set[str]) -> None:
    def also(content: dict[str, Any]) -> None:
        content["features"] = [
            each for each in content["features"] if each["name"] not in ("employees", "in_software")
        ] + [{"name": "is_staff", "kind": "profile", "field": "seniority", "equals": "staff"}]
        change(content)

    before, after = definitions(SHIPPED), definitions(shipped(also))
    assert {key for key, value in before.items() if after.get(key) != value} == named
