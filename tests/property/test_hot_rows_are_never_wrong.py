"""Whatever is looked up, changed, committed and rolled back: the arena has the row, or says that it has none."""

import random
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.runtime.arena import Arena, ArenaFull
from stream.runtime.ring import NONE, Keys

PARTITIONS: Final = 3


class Model:
    """The arena beside plain dictionaries: what every lead's row is, and what a store would have."""

    def __init__(self, size: int) -> None:
        self.arena = Arena(size)
        self.rows: dict[tuple[int, bytes], bytes] = {}
        self.stored: dict[tuple[int, bytes], bytes] = {}
        self.cuts: list[tuple[int, dict[tuple[int, bytes], bytes]]] = []

    def poll(self, changes: dict[tuple[int, bytes], bytes]) -> None:
        """Looks the leads up, takes what is missing from the store, compares, and changes them."""
        leads = list(changes)
        keys = _keys(leads)
        found = self.arena.find(keys)
        missing = np.flatnonzero(found == NONE)
        assert all(leads[i] not in self.dirty() for i in missing), "a row that no store has was dropped"
        self.arena.add(keys, missing, [self.stored.get(leads[i], b"") for i in missing])
        self.arena.find_again(keys, missing, found)
        assert (found != NONE).all()
        rows = self.arena.rows(found)
        for i, lead in enumerate(leads):
            assert rows.data[rows.start[i] : rows.end[i]].tobytes() == self.rows.get(lead, b"")
        new = [changes[lead] for lead in leads]
        at = np.zeros(len(new) + 1, np.int64)
        np.cumsum([len(row) for row in new], out=at[1:])
        self.arena.change(found, np.frombuffer(b"".join(new) or b"\0", np.uint8), at)
        self.rows |= changes

    def dirty(self) -> dict[tuple[int, bytes], bytes]:
        """What differs from the store."""
        return {lead: row for lead, row in self.rows.items() if self.stored.get(lead) != row}

    def cut(self) -> None:
        """Ends the open epoch, whose changes must be exactly those since the last one."""
        number = self.arena.epoch
        changed = {
            (partition, lead): row or b"" for partition, rows in self.arena.cut().items() for lead, row in rows.items()
        }
        assert all(self.rows[lead] == row for lead, row in changed.items())
        assert changed.keys() >= self.dirty().keys() - {lead for _, cut in self.cuts for lead in cut}
        self.cuts.append((number, changed))

    def keep(self) -> None:
        """The oldest cut is stored."""
        if self.cuts:
            number, changed = self.cuts.pop(0)
            self.stored |= changed
            self.arena.keep(number)

    def roll_back(self) -> None:
        """Nothing since the last stored cut has been."""
        first = self.cuts[0][0] if self.cuts else self.arena.epoch
        self.arena.forget(range(PARTITIONS), since=first)
        self.cuts.clear()
        self.rows = dict(self.stored)
        assert self.arena.dirty == 0


def _keys(leads: list[tuple[int, bytes]]) -> Keys:
    at = np.zeros(len(leads) + 1, np.int64)
    np.cumsum([len(lead) for _, lead in leads], out=at[1:])
    data = np.frombuffer(b"".join(lead for _, lead in leads) or b"\0", np.uint8)
    return Keys(data, at[:-1], at[1:], np.array([partition for partition, _ in leads], np.int64))


@given(st.integers(0, 1 << 32), st.sampled_from([20_000, 60_000, 400_000]))
@settings(max_examples=60, deadline=None)
def test_a_row_is_right_or_asked_for_again(seed: int, size: int) -> None:
    model, chance = Model(size), random.Random(seed)
    longest = size // 400
    leads = [(chance.randrange(PARTITIONS), b"lead" * chance.randint(0, 40) + str(i).encode()) for i in range(300)]
    for _ in range(80):
        some = [leads[min(int(chance.expovariate(0.02)), 299)] for _ in range(chance.randint(0, 12))]
        model.poll({lead: chance.randbytes(chance.randint(1, longest)) for lead in some})
        step = chance.random()
        if step < 0.5 or len(model.cuts) > 1:
            model.cut()
            model.keep()
        if step < 0.3:
            model.keep()
        elif step > 0.93:
            model.roll_back()


def test_rows_that_fit_are_kept_and_those_that_do_not_are_dropped() -> None:
    model = Model(400_000)
    leads = [(0, f"lead-{i}".encode()) for i in range(4_000)]
    for start in range(0, 4_000, 100):
        model.poll(dict.fromkeys(leads[start : start + 100], b"x" * 200))
        model.cut()
        model.keep()
    assert 500 < model.arena.leads < 2_000
    assert model.arena.evicted == 4_000 - model.arena.leads


def test_a_partition_that_goes_takes_its_rows_along() -> None:
    model = Model(400_000)
    model.poll({(0, b"ann"): b"1", (1, b"ann"): b"2"})
    model.arena.forget([0])
    assert model.arena.leads == 1
    assert model.arena.cut() == {1: {b"ann": b"2"}}


def test_an_epoch_too_large_for_the_memory_names_the_setting() -> None:
    model = Model(20_000)
    with pytest.raises(ArenaFull, match=r"limits\.hot_memory"):
        model.poll({(0, f"lead-{i}".encode()): b"x" * 300 for i in range(200)})
