"""Drift is the textbook's index, by moments as they are now."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.slices import drawn
from training.drift import judge_drift, shares, stability_index

NAMES = tuple("abcdef")
NO_SCORES = np.zeros(4_000, np.float32)


def test_the_index_is_that_of_the_definition() -> None:
    found = stability_index(np.array([0.5, 0.3, 0.2]), np.array([0.25, 0.25, 0.5]))
    wanted = -0.25 * np.log(0.5) + -0.05 * np.log(0.25 / 0.3) + 0.3 * np.log(2.5)
    assert found == pytest.approx(wanted)


def test_an_empty_bin_gives_a_large_index_and_no_infinite_one() -> None:
    assert 1 < stability_index(np.array([1.0, 0.0]), np.array([0.5, 0.5])) < 10


def test_shares_count_a_value_on_an_edge_below_it() -> None:
    values, edges = np.array([0, 0, 1, 2, 5], np.float32), np.array([0, 2], np.float32)
    assert shares(values, edges, np.ones(5)).tolist() == [0.4, 0.4, 0.2]


def test_leads_of_one_kind_have_hardly_moved_and_others_have() -> None:
    then, now = drawn(4_000, seed=1)[0], drawn(4_000, seed=2)[0]
    moved = replace(now, features=now.features + np.array([0, 0, 2, 0, 0, 0], np.float32))
    found = judge_drift(then, moved, NAMES, NO_SCORES, NO_SCORES)["features"]
    assert {name: each["psi"] > 0.25 for name, each in found.items()} == {name: name == "c" for name in NAMES}
    assert max(each["psi"] for name, each in found.items() if name != "c") < 0.05
    assert sum(found["c"]["then"]) == pytest.approx(1, abs=1e-5)
    assert len(found["c"]["then"]) == len(found["c"]["now"]) == len(found["c"]["edges"]) + 1


def test_another_mix_of_moments_alone_is_no_drift() -> None:
    """Leads are the same, their values grow with every moment, and of the later ones only the first was seen yet."""
    then = drawn(4_000, seed=1, per_lead=3)[0]
    grown = replace(then, features=then.features * then.day[:, None].astype(np.float32))
    now = drawn(4_000, seed=2)[0]
    score = np.zeros(12_000, np.float32)
    found = judge_drift(grown, now, NAMES, score, NO_SCORES)["features"]
    assert max(each["psi"] for each in found.values()) < 0.05
