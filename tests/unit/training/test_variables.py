"""Rules for features come from the settings, by name."""

import pytest

from schemas.learning import Learning
from schemas.settings import Settings
from tests.training.logs import settings
from training.refusal import TrainingRefused
from training.variables import cannot_honour, free, variables_of


def learning(**content: object) -> Settings:
    return settings(learning=content)


def test_without_rules_every_feature_is_free() -> None:
    found, wanted = variables_of(learning()), free(17)
    assert found.used.all()
    assert found.direction.tolist() == wanted.direction.tolist()
    assert found.emphasis.tolist() == wanted.emphasis.tolist()


def test_included_and_excluded_features_are_found_by_name() -> None:
    names = [feature.name for feature in settings().features]
    only = variables_of(learning(include=["tenure", "employees"]))
    assert [name for name, used in zip(names, only.used, strict=True) if used] == ["tenure", "employees"]
    without = variables_of(learning(exclude=["tenure"]))
    assert [name for name, used in zip(names, without.used, strict=True) if not used] == ["tenure"]


def test_directions_and_weights_are_found_by_name() -> None:
    found = variables_of(learning(monotone={"visits_24h": "rising", "velocity": "falling"}, weights={"tenure": 3}))
    names = [feature.name for feature in settings().features]
    assert found.direction[names.index("visits_24h")] == 1
    assert found.direction[names.index("velocity")] == -1
    assert abs(found.direction).sum() == 2
    assert found.emphasis[names.index("tenure")] == 3


def test_nothing_left_to_learn_from_is_refused() -> None:
    names = [feature.name for feature in settings().features]
    with pytest.raises(TrainingRefused, match="leaves no feature to learn from"):
        variables_of(learning(exclude=names))


def test_families_that_cannot_keep_a_rule_say_so() -> None:
    monotone = variables_of(learning(monotone={"visits_24h": "rising"}))
    assert "only raise or only lower" in cannot_honour("neural_network", monotone)
    assert cannot_honour("random_forest", monotone) == ""
    weighted = variables_of(learning(weights={"visits_24h": 2}))
    assert "no penalty" in cannot_honour("gradient_boosting", weighted)
    assert cannot_honour("neural_network", weighted) == ""


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"exclude": ["nobody"]}, "learning: no feature is called nobody"),
        ({"monotone": {"someone": "rising"}}, "learning: no feature is called someone"),
        ({"include": ["tenure"], "exclude": ["tenure"]}, "both included and excluded: tenure"),
        ({"candidates": ["logistic", "logistic"]}, "candidates names one twice"),
        ({"candidates": ["magic"]}, "Input should be"),
        ({"weights": {"tenure": 0}}, "greater than 0"),
        ({"budget": -1}, "greater than or equal to 0"),
        ({"balance": []}, "at least 1"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(content: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        learning(**content)


def test_all_families_compete_unless_the_settings_say_otherwise() -> None:
    assert Learning().candidates == ("logistic", "gradient_boosting", "random_forest", "neural_network")
