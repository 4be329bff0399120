"""The kernel against the oracle: the same features to the last bit, at every event and at every later instant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.folding import Rows, bits
from tests.oracle.lead import Lead
from tests.property.logs import GAPS, arrivals, batches, logs
from tests.property.observed import Scene, shipped, small

SCENES = pytest.mark.parametrize("scenes", [shipped(), small()], ids=["shipped settings", "random settings"])


@SCENES
@given(st.data())
@settings(max_examples=150)
def test_after_every_event_the_features_are_those_of_the_definition(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    log = data.draw(logs(scene.words))
    oracle, rows = Lead(scene.plain), Rows(scene.settings)
    for batch in data.draw(batches(data.draw(arrivals(log)))):
        for raw, known in zip(batch, rows.fold(batch), strict=True):
            verdict = oracle.arrive(raw)
            assert known.verdict == verdict
            if verdict == "counted":
                assert known.as_of == oracle.as_of
                assert known.converted == oracle.converted
                assert known.features == bits(oracle.vector())
                assert known.notable == oracle.notable()


@SCENES
@given(st.data())
@settings(max_examples=100)
def test_at_a_later_instant_the_features_are_those_of_the_definition(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    oracle, rows = Lead(scene.plain), Rows(scene.settings)
    log = data.draw(logs(scene.words))
    rows.fold(log)
    for raw in log:
        oracle.arrive(raw)
    if not oracle.counted:
        assert rows.packed == {}
        return
    for gap in data.draw(st.lists(GAPS, min_size=1, max_size=5)):
        now = oracle.as_of + gap
        assert rows.vector("lead-1", now).tobytes() == bits(oracle.vector(now))


@SCENES
@given(st.data())
@settings(max_examples=100)
def test_in_any_order_at_all_the_verdicts_are_those_of_the_definition(
    scenes: st.SearchStrategy[Scene], data: st.DataObject
) -> None:
    scene = data.draw(scenes)
    log = data.draw(logs(scene.words))
    order = data.draw(st.permutations(log)) + data.draw(st.lists(st.sampled_from(log), max_size=10))
    oracle, rows = Lead(scene.plain), Rows(scene.settings)
    verdicts = [oracle.arrive(raw) for raw in order]
    assert [known.verdict for known in rows.fold(order)] == verdicts
    if oracle.counted:
        assert rows.vector("lead-1").tobytes() == bits(oracle.vector())


@given(st.data())
@settings(max_examples=50)
def test_an_id_used_again_for_another_event_counts_only_beyond_the_horizon(data: st.DataObject) -> None:
    scene = data.draw(shipped())
    log = data.draw(logs(scene.words))
    reused = [raw | {"id": data.draw(st.sampled_from(("a", "b", "c")))} for raw in log]
    oracle, rows = Lead(scene.plain), Rows(scene.settings)
    verdicts = [oracle.arrive(raw) for raw in reused]
    assert [known.verdict for known in rows.fold(reused)] == verdicts
