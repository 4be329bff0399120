"""A model scores only where it is what its manifest says, made for these settings, and answers as when it was made."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

from schemas.settings import Settings
from stream.core.model import Model, ModelFiles, ModelRefused
from stream.models.additive import Additive, additive_graphs
from tests.unit.models.files import RULES, SHIPPED, usable, with_graph, with_manifest
from tests.unit.schemas.files import Change, shipped

SIZE = len(SHIPPED.features)
INTENT = [feature.name for feature in SHIPPED.features].index("intent_14d")
ROWS = np.random.default_rng(3).normal(2, 9, (257, SIZE)).astype(np.float32)


def kind(files: ModelFiles, settings: Settings = SHIPPED) -> str:
    with pytest.raises(ModelRefused) as refused:
        usable(files, settings)
    assert files.digest[:12] in str(refused.value) or refused.value.kind in ("features", "tiers")
    return refused.value.kind


def golden(**changed: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest["golden"].update(changed)


@pytest.mark.parametrize("name", ["score", "explain"])
def test_a_graph_that_the_manifest_does_not_name_is_refused(name: str) -> None:
    content = bytearray(getattr(RULES, name))
    content[len(content) // 2] ^= 1
    assert kind(dataclasses.replace(RULES, **{name: bytes(content)})) == "digest"


def test_the_two_graphs_cannot_change_places() -> None:
    assert kind(dataclasses.replace(RULES, score=RULES.explain, explain=RULES.score)) == "digest"


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b"{}", RULES.manifest[:-2], b"\xff" + RULES.manifest])
def test_a_manifest_that_cannot_be_read_is_refused(manifest: bytes) -> None:
    assert kind(dataclasses.replace(RULES, manifest=manifest)) == "unreadable"


def test_a_manifest_of_a_later_format_is_refused() -> None:
    assert kind(with_manifest(RULES, lambda manifest: manifest.update(format=2))) == "unreadable"


def test_a_later_release_may_say_more_in_the_manifest() -> None:
    assert usable(with_manifest(RULES, lambda manifest: manifest.update(region="eu"))).tiers == ["hot", "warm", "cold"]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["features"][0].update(window="2h"),
        lambda content: content["features"].reverse(),
        lambda content: content["observed"]["signals"][0].update(match=[{"name": "view"}]),
    ],
)
def test_a_model_for_other_features_is_refused(change: Change) -> None:
    assert kind(RULES, shipped(change)) == "features"


def test_a_model_for_other_tiers_is_refused_and_both_are_named() -> None:
    hot = shipped(
        lambda content: content.update(
            tiers={"above": [{"name": "ripe", "share": 0.1}, {"name": "warm", "share": 0.3}]}
        )
    )
    with pytest.raises(ModelRefused, match=r"\['hot', 'warm', 'cold'\].*\['ripe', 'warm', 'cold'\]") as refused:
        usable(RULES, hot)
    assert refused.value.kind == "tiers"


def answer_altered(manifest: dict[str, Any]) -> None:
    manifest["golden"]["log_odds"][7] += 1e-3


def row_altered(manifest: dict[str, Any]) -> None:
    manifest["golden"]["features"][7][INTENT] += 0.5 if manifest["golden"]["features"][7][INTENT] < 4 else -2.5


@pytest.mark.parametrize(
    "change",
    [
        answer_altered,
        row_altered,
        golden(log_odds=[0.0] * 16),
        golden(log_odds=[0.0]),
        golden(features=[]),
        golden(features=[], log_odds=[]),
        golden(features=[[1.0]], log_odds=[0.0]),
    ],
)
def test_golden_rows_that_are_not_repeated_refuse_the_model(change: Callable[[dict[str, Any]], None]) -> None:
    assert kind(with_manifest(RULES, change)) == "golden"


@pytest.mark.parametrize("name", ["score.onnx", "explain.onnx"])
@pytest.mark.parametrize("content", [b"", b"garbage", RULES.score[: len(RULES.score) // 2]])
def test_what_is_no_onnx_is_refused(name: str, content: bytes) -> None:
    assert kind(with_graph(RULES, name, content)) == "unreadable"


def test_a_graph_without_the_expected_outputs_is_refused() -> None:
    assert kind(with_graph(RULES, "score.onnx", RULES.explain)) == "unreadable"
    assert kind(with_graph(RULES, "explain.onnx", RULES.score)) == "unreadable"


def test_a_graph_of_another_width_is_refused() -> None:
    narrow = np.ones(SIZE - 1, np.float32)
    score, _ = additive_graphs(Additive(narrow, narrow, narrow, 0.0, logarithmic=False))
    assert kind(with_graph(RULES, "score.onnx", score)) == "unreadable"


def test_reasons_that_do_not_add_up_to_the_score_are_refused() -> None:
    zeros, ones = np.zeros(SIZE, np.float32), np.ones(SIZE, np.float32)
    _, explain = additive_graphs(Additive(zeros, zeros, ones, 0.0, logarithmic=False))
    with pytest.raises(ModelRefused, match="contributions miss the log-odds") as refused:
        usable(with_graph(RULES, "explain.onnx", explain))
    assert refused.value.kind == "golden"


def test_a_score_that_is_no_number_is_refused() -> None:
    graph = onnx.load_from_string(RULES.score)
    for constant in graph.graph.initializer:
        if constant.name == "bias":
            constant.CopyFrom(onnx.numpy_helper.from_array(np.array([np.nan], np.float32), "bias"))
    assert kind(with_graph(RULES, "score.onnx", graph.SerializeToString())) == "golden"


def curved() -> Model:
    """An additive model with logarithms, whose sums round differently in another order."""
    random = np.random.default_rng(5)
    weight, centre = random.normal(0, 0.3, (2, SIZE)).astype(np.float32)
    parameters = Additive(
        weight, centre, np.full(SIZE, 30, np.float32), -3.0, logarithmic=True, floor=-np.ones(SIZE, np.float32)
    )
    score, explain = additive_graphs(parameters)

    def answers(manifest: dict[str, Any]) -> None:
        held = np.clip(np.array(manifest["golden"]["features"], np.float64), -1, 30)
        parts = weight * (np.sign(held) * np.log1p(np.abs(held)) - centre)
        manifest["golden"]["log_odds"] = (parts.sum(axis=1) - 3.0).tolist()

    return usable(with_manifest(with_graph(with_graph(RULES, "score.onnx", score), "explain.onnx", explain), answers))


@pytest.mark.parametrize("model", [usable(RULES), curved()], ids=["linear", "logarithmic"])
@pytest.mark.parametrize("size", [1, 2, 3, 8, 64])
def test_the_batch_does_not_matter_to_a_bit(model: Model, size: int) -> None:
    log_odds, probability = model.score(ROWS)
    contributions, baseline = model.explain(ROWS)
    for start in range(0, len(ROWS), size):
        part = ROWS[start : start + size]
        some, likely = model.score(part)
        assert some.tobytes() == log_odds[start : start + size].tobytes()
        assert likely.tobytes() == probability[start : start + size].tobytes()
        reasons, base = model.explain(part)
        assert reasons.tobytes() == contributions[start : start + size].tobytes()
        assert base == baseline


def test_no_rows_have_no_scores_and_no_reasons() -> None:
    model = usable(RULES)
    log_odds, probability = model.score(ROWS[:0])
    contributions, _ = model.explain(ROWS[:0])
    assert (log_odds.shape, probability.shape, contributions.shape) == ((0,), (0,), (0, SIZE))
