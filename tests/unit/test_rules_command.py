"""`leadpulse rules check`: the scorecard explained, and what can never happen in it found."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from leadpulse.main import main
from leadpulse.scorecard import Explained, explain
from schemas.digest import features_digest
from stream.core.model import Model
from stream.models.rules import rules_model
from tests.unit.schemas.files import shipped


def with_rules(rules: list[dict[str, Any]], **card: Any) -> Explained:
    return explain(shipped(lambda content: content["scorecard"].update(rules=rules, **card)))


def test_the_shipped_scorecard_has_no_problems(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check"]) == 0
    page = capsys.readouterr().out
    assert "1 pricing-page view in 48h" in page
    assert "A lead without points has a probability of 1.0%" in page


def test_what_a_tier_needs_is_what_the_model_asks_for() -> None:
    """A lead with exactly that is in the tier, and with any one of its rules missing it is not."""
    settings = shipped()
    model = Model(rules_model(settings), features_digest(settings), settings.tiers)
    names = [feature.name for feature in settings.features]
    for place, tier in enumerate(explain(settings).tiers):
        row = np.zeros((1, len(names)), np.float32)
        for feature, units in tier.needs:
            row[0, names.index(feature)] = units
        (reached,), (probability,) = model.score(row)
        assert reached >= model.edges[place] - 1e-5
        assert probability >= tier.probability - 1e-6
        for feature, _ in tier.needs:
            less = row.copy()
            less[0, names.index(feature)] = 0
            assert model.score(less)[0][0] < model.edges[place]


def test_a_profile_field_has_one_value_so_only_one_of_its_rules_counts() -> None:
    rules = [
        {"feature": name, "points": points} for name, points in (("is_vp", 6), ("is_c_level", 7), ("in_software", 2))
    ]
    found = with_rules(rules, tiers=[9, 5])
    assert found.best == 9
    assert found.tiers[0].needs == (("is_c_level", 1.0), ("in_software", 1.0))
    assert found.problems == ()


def test_a_cap_holds_the_points() -> None:
    (rule,) = with_rules([{"feature": "pricing_views_48h", "points": 8, "most": 3}], tiers=[20, 10]).rules
    assert (rule.best, rule.worst) == (24, 0)


def test_a_cap_beyond_what_a_feature_can_be_is_noted() -> None:
    (rule,) = with_rules([{"feature": "active_days_7d", "points": 5, "most": 30}], tiers=[20, 10]).rules
    assert rule.best == 40  # seven days touch eight calendar days
    assert "more than 8 does not occur" in rule.note


def test_points_for_silence_are_noted() -> None:
    (rule,) = with_rules([{"feature": "hours_since_pricing", "points": 1, "most": 40}], tiers=[20, 10]).rules
    assert "who never did it" in rule.note


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda card: card["rules"].append({"feature": "docs_views_7d", "points": 0}), "docs_views_7d can never fire"),
        (lambda card: card.update(tiers=[500, 25]), "no lead can reach the tier hot: it begins at 500 points"),
        (lambda card: card.update(tiers=[50, 0]), "every new lead is in the tier warm"),
    ],
)
def test_what_can_never_be_meant_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, problem: str
) -> None:
    content = shipped().model_dump(mode="json", include={"observed", "features", "scorecard"})
    change(content["scorecard"])
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert main(["rules", "check", "--config", str(path), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["problems"]
    assert found.startswith(problem)


def test_a_landing_page_behind_a_wider_one_is_never_seen() -> None:
    def widen(content: dict[str, Any]) -> None:
        content["observed"]["landing"].insert(0, {"name": "any", "path": "/*"})
        content["scorecard"]["rules"].append({"feature": "landed_on_pricing", "points": 5})

    (problem,) = explain(shipped(widen)).problems
    assert "an entry before it takes every path of the landing page pricing" in problem


def test_a_path_in_a_channel_without_pages_matches_nothing() -> None:
    def ask_for_path(content: dict[str, Any]) -> None:
        signals = {each["name"]: each for each in content["observed"]["signals"]}
        signals["email_click"]["match"] = [{"name": "email_click", "path": "/pricing*"}]

    (problem,) = explain(shipped(ask_for_path)).problems
    assert problem.startswith("email_clicks_30d can never fire: the signal email_click matches no event")
