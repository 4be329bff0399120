"""The state of a lead is a function of the set of its events: order, repetition and batching leave the row as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.folding import Rows, fold_all
from tests.property.logs import arrivals, batches, logs
from tests.property.observed import Scene, shipped, small

SCENES = pytest.mark.parametrize("scenes", [shipped(), small()], ids=["shipped settings", "random settings"])


@SCENES
@given(st.data())
@settings(max_examples=150)
def test_events_up_to_a_week_late_and_sent_again_leave_the_same_row(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    log = data.draw(logs(scene.words))
    in_order = fold_all(scene.settings, [log])
    shuffled = data.draw(arrivals(log))
    assert fold_all(scene.settings, [shuffled]) == in_order


@SCENES
@given(st.data())
@settings(max_examples=100)
def test_where_batches_are_cut_changes_no_row_and_no_feature(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    log = data.draw(arrivals(data.draw(logs(scene.words))))
    whole, cut = Rows(scene.settings), Rows(scene.settings)
    known = whole.fold(log)
    assert [each for batch in data.draw(batches(log)) for each in cut.fold(batch)] == known
    assert cut.packed == whole.packed


@given(st.data())
@settings(max_examples=50)
def test_a_part_folded_before_and_the_rest_after_make_the_whole(data: st.DataObject) -> None:
    scene = data.draw(shipped())
    log = data.draw(logs(scene.words))
    order = data.draw(arrivals(log, repeats=0))
    part = data.draw(st.integers(0, len(order)))
    # The part in its own order of time, then the rest in its own.
    merged = [sorted(some, key=lambda raw: int(raw["time"])) for some in (order[:part], order[part:])]
    assert fold_all(scene.settings, merged) == fold_all(scene.settings, [log])


@given(st.data())
@settings(max_examples=50)
def test_leads_in_one_batch_do_not_disturb_one_another(data: st.DataObject) -> None:
    scene = data.draw(small())
    alone = [data.draw(logs(scene.words, most=12, lead=lead)) for lead in ("ann", "bob", "anon:7")]
    mixed = sorted((raw for log in alone for raw in log), key=lambda raw: int(raw["time"]))
    together = Rows(scene.settings)
    known = {(raw["id"], raw["lead"]): each for raw, each in zip(mixed, together.fold(mixed), strict=True)}
    for log in alone:
        apart = Rows(scene.settings)
        assert apart.fold(log) == [known[raw["id"], raw["lead"]] for raw in log]
        for lead, row in apart.packed.items():
            assert together.packed[lead] == row
