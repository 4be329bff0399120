"""The contest: a better model wins it, an equal one does not, and leads, not snapshots, are what is drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core.features import Vector
from training.gates import Rows, contest, lost

LEADS, MOMENTS = 600, 3


def market(seed: int, leads: int = LEADS) -> tuple[Rows, Vector]:
    """Leads seen at several moments, with the log-odds that they truly have."""
    random = np.random.default_rng(seed)
    truth = random.normal(-1.5, 1.5, leads)
    label = (random.random(leads) < 1 / (1 + np.exp(-truth))).astype(np.int64)
    rows = Rows(np.repeat(np.arange(leads), MOMENTS), np.repeat(label, MOMENTS))
    return rows, np.repeat(truth, MOMENTS).astype(np.float32)


def blurred(truth: Vector, by: float, seed: int = 7) -> Vector:
    """A model that knows the truth less well: the same error at every moment of a lead."""
    error = np.random.default_rng(seed).normal(0, by, len(truth) // MOMENTS)
    return (truth + np.repeat(error, MOMENTS)).astype(np.float32)


def log_loss(log_odds: Vector, rows: Rows) -> float:
    """By the definition, row by row."""
    total = 0.0
    for score, label in zip(log_odds.tolist(), rows.label.tolist(), strict=True):
        chance = 1 / (1 + np.exp(-score))
        total -= np.log(chance if label else 1 - chance)
    return float(total / len(rows.label))


def auc(log_odds: Vector, rows: Rows) -> float:
    """By the definition, pair by pair."""
    ones, zeros = log_odds[rows.label == 1], log_odds[rows.label == 0]
    above = (ones[:, None] > zeros[None, :]).mean()
    equal = (ones[:, None] == zeros[None, :]).mean()
    return float(above + equal / 2)


def test_the_gains_are_those_of_the_definitions() -> None:
    rows, truth = market(1)
    weak = np.round(blurred(truth, 1.5))  # with ties
    found = contest("current", "m", rows, (truth, weak))
    assert found.log_loss.value == pytest.approx(1 - log_loss(truth, rows) / log_loss(weak, rows), abs=1e-5)
    assert found.auc.value == pytest.approx(auc(truth, rows) - auc(weak, rows), abs=1e-5)
    assert found.leads == LEADS


@pytest.mark.parametrize("rival", ["rules", "current"])
def test_a_model_that_knows_more_wins(rival: str) -> None:
    rows, truth = market(2)
    found = contest(rival, "m", rows, (truth, blurred(truth, 1.5)))  # type: ignore[arg-type]
    assert found.won
    assert found.log_loss.low > 0
    assert lost([found]) == []


def test_a_model_does_not_win_against_itself() -> None:
    rows, truth = market(3)
    found = contest("current", "m", rows, (truth, truth))
    assert (found.log_loss.value, found.log_loss.low, found.log_loss.high) == (0, 0, 0)
    assert not found.won
    (sentence,) = lost([found])
    assert sentence.startswith("not better than the model in force: ")
    assert "asked is 0.5% or more" in sentence


def test_a_gain_smaller_than_the_margin_is_not_enough() -> None:
    rows, truth = market(4, leads=4_000)
    weak = blurred(truth, 0.6)
    gain = contest("current", "m", rows, (truth, weak))
    assert gain.won
    assert not contest("current", "m", rows, (truth, weak), margin=gain.log_loss.value + 0.01).won
    assert contest("current", "m", rows, (truth, weak), margin=gain.log_loss.value - 0.001).won


def test_a_gain_that_may_be_chance_is_not_enough() -> None:
    rows, truth = market(5, leads=40)
    found = contest("current", "m", rows, (blurred(truth, 0.5, 1), blurred(truth, 0.5, 2)), margin=0.0)
    assert found.log_loss.low < 0 < found.log_loss.high
    assert not found.won


def test_better_probabilities_in_a_worse_order_do_not_win() -> None:
    """A rival that shouts orders leads rightly; a candidate that says the base rate with noise saves log loss."""
    rows, truth = market(6)
    rate = float(rows.label.mean())
    flat = np.full(len(truth), np.log(rate / (1 - rate)), np.float32) + 0.01 * blurred(truth * 0, 1.0)
    found = contest("rules", "m", rows, (flat, truth * 8))
    assert found.log_loss.low > 0
    assert found.auc.high < 0
    assert not found.won
    assert "its order is worse" in found.sentence


def test_the_interval_is_that_of_leads_not_of_snapshots() -> None:
    """Every lead three times over tells no more than once."""
    rows, truth = market(8)
    weak = blurred(truth, 1.0)
    once = Rows(rows.lead[::MOMENTS], rows.label[::MOMENTS])
    several = contest("current", "m", rows, (truth, weak)).log_loss
    single = contest("current", "m", once, (truth[::MOMENTS], weak[::MOMENTS])).log_loss
    assert several == single
    as_if = contest("current", "m", Rows(np.arange(len(truth)), rows.label), (truth, weak)).log_loss
    assert as_if.high - as_if.low < 0.8 * (several.high - several.low)


def test_the_interval_holds_the_gain_that_more_leads_show() -> None:
    rows, truth = market(9, leads=40_000)
    whole = contest("current", "m", rows, (truth, blurred(truth, 1.0))).log_loss.value
    held = 0
    for seed in range(20):
        part, known = market(100 + seed)
        found = contest("current", "m", part, (known, blurred(known, 1.0, 200 + seed))).log_loss
        held += found.low <= whole <= found.high
    assert held >= 16  # of 20 at 95%, fewer than 16 come once in 400 times


def test_one_class_is_no_contest() -> None:
    rows, truth = market(10)
    with pytest.raises(ValueError, match="one class"):
        contest("rules", "m", Rows(rows.lead, np.zeros_like(rows.label)), (truth, truth))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000))
def test_the_same_rows_and_seed_give_the_same_answer(seed: int) -> None:
    rows, truth = market(seed, leads=60)
    again = [contest("rules", "m", rows, (truth, blurred(truth, 1.0)), seed=seed) for _ in range(2)]
    assert again[0] == again[1]
