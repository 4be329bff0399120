"""The promotions log: what is recorded, where a step back leads, and what is void because another came first."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.promotion import Promotion
from stream.core.model import ModelRefused
from stream.models.promotions import model_before
from stream.models.registry import Overtaken, Registry, UnknownModel
from tests.unit.models.files import RULES, another

A, B, C = (another(odds) for odds in (11, 12, 13))


def registry(tmp_path: Path) -> Registry:
    """One with three models, none in force."""
    found = Registry(tmp_path)
    for files in (A, B, C):
        found.add(files)
    return found


def test_a_promotion_says_who_put_what_in_force_and_why(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest, by="ann@trainer")
    kept.promote(B.digest, by="bob@trainer", forced=True, reason="the pilot team asked for it")
    first, second = kept.promotions()
    assert (first.model, first.previous, first.by, first.forced) == (A.digest, None, "ann@trainer", False)
    assert (second.model, second.previous, second.forced) == (B.digest, A.digest, True)
    assert second.reason == "the pilot team asked for it"
    assert first.time <= second.time


def test_promoting_what_is_in_force_adds_nothing_to_the_log(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest)
    kept.promote(A.digest)
    assert len(kept.promotions()) == 1


def test_a_step_back_leads_to_the_model_before_and_the_next_one_further_back(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    for files in (A, B, C):
        kept.promote(files.digest)
    assert kept.roll_back(reason="complaints") == B.digest
    assert kept.current() == B.digest
    assert kept.roll_back() == A.digest
    with pytest.raises(UnknownModel, match="no model was in force before"):
        kept.roll_back()
    assert kept.current() == A.digest
    assert [each.action for each in kept.promotions()] == ["promotion"] * 3 + ["rollback"] * 2
    assert kept.promotions()[3].reason == "complaints"


def test_a_step_back_from_a_promotion_after_a_rollback_skips_what_was_rolled_back(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest)
    kept.promote(B.digest)
    kept.roll_back()
    kept.promote(C.digest)
    assert kept.roll_back() == A.digest


def test_a_registry_from_before_the_log_can_be_rolled_back_to_what_was_in_force(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    (tmp_path / "current").write_text(A.digest)
    kept.promote(B.digest)
    assert kept.roll_back() == A.digest


def test_a_model_put_in_force_by_hand_is_stepped_back_from(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest)
    (tmp_path / "current").write_text(C.digest)
    assert kept.roll_back() == A.digest
    assert kept.current() == A.digest


def test_a_step_back_to_a_damaged_model_is_refused(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest)
    kept.promote(B.digest)
    (tmp_path / A.digest / "manifest.json").write_bytes(A.manifest + b" ")
    with pytest.raises(ModelRefused, match="changed after it was made"):
        kept.roll_back()
    assert kept.current() == B.digest


def test_a_promotion_is_void_when_another_came_since_it_was_judged(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest)
    judged_at = kept.promoted()
    kept.promote(B.digest)
    with pytest.raises(Overtaken, match="judge again"):
        kept.promote(C.digest, after=judged_at)
    assert kept.current() == B.digest
    kept.promote(C.digest, after=kept.promoted())
    assert kept.current() == C.digest


def test_a_line_of_the_log_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    kept.promote(A.digest)
    (tmp_path / "promotions" / "000001.json").write_text("{")
    with pytest.raises(ModelRefused, match=r"000001\.json"):
        kept.promotions()


def test_a_model_is_found_by_the_beginning_of_its_digest(tmp_path: Path) -> None:
    kept = registry(tmp_path)
    assert kept.find(B.digest[:10]) == B.digest
    assert kept.find(B.digest[:10].upper()) == B.digest
    with pytest.raises(UnknownModel, match="at least 4"):
        kept.find(B.digest[:3])
    with pytest.raises(UnknownModel, match=r"no model in .* begins with 'zzzz'"):
        kept.find("zzzz")
    with pytest.raises(UnknownModel, match="the rules score"):
        kept.find("current")
    kept.promote(C.digest)
    assert kept.find("current") == C.digest


def test_a_beginning_that_two_models_share_names_neither(tmp_path: Path) -> None:
    for last in "01":
        (tmp_path / f"{'ab' * 31}0{last}").mkdir()
    with pytest.raises(UnknownModel, match="several models"):
        Registry(tmp_path).find("abab")


def test_a_manifest_is_read_without_its_graphs_and_proved(tmp_path: Path) -> None:
    kept = Registry(tmp_path)
    kept.add(RULES)
    assert kept.manifest(RULES.digest).kind == "rules"
    (tmp_path / RULES.digest / "manifest.json").write_bytes(RULES.manifest + b" ")
    with pytest.raises(ModelRefused, match="changed after it was made"):
        kept.manifest(RULES.digest)


MODELS = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])
STEPS = st.lists(st.one_of(MODELS, st.none()), max_size=30)


@given(STEPS)
def test_steps_back_undo_promotions_one_by_one(steps: list[str | None]) -> None:
    """Against a stack kept by hand; None steps back where that is possible."""
    log: list[Promotion] = []
    stack: list[str] = []
    for step in steps:
        if step is not None and (not stack or stack[-1] != step):
            action, model = "promotion", step
            stack.append(step)
        elif step is None and len(stack) > 1:
            action, model = "rollback", stack[-2]
            assert model_before(log, stack[-1]) == model
            stack.pop()
        else:
            continue
        previous = log[-1].model if log else None
        log.append(
            Promotion.model_validate(
                {"number": len(log) + 1, "time": "", "action": action, "model": model, "previous": previous}
            )
        )
    if stack:
        assert model_before(log, stack[-1]) == (stack[-2] if len(stack) > 1 else None)
