"""Leads are numbered in the order in which they are first met, whatever their ids are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.sources.lead_table import UNKNOWN, LeadNumbers, Spans, spans_of

IDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=300)


@given(st.lists(st.lists(IDS, max_size=30), max_size=4))
def test_an_id_keeps_the_number_that_it_got_first(batches: list[list[str]]) -> None:
    numbers, known = LeadNumbers(), dict[str, int]()
    for batch in batches:
        wanted = [known.setdefault(lead, len(known)) for lead in batch]
        assert numbers.number(spans_of(batch)).tolist() == wanted
    assert numbers.names() == list(known)


def test_hundreds_of_thousands_of_leads_are_told_apart() -> None:
    numbers = LeadNumbers()
    leads = [f"lead-{i}" for i in range(200_000)]
    for at in range(0, len(leads), 30_000):
        numbers.number(spans_of(leads[at : at + 30_000]))
    assert len(numbers) == len(leads)
    assert numbers.number(spans_of(leads[::-1])).tolist() == list(range(len(leads)))[::-1]


def test_an_anonymous_id_is_the_one_that_is_written_out() -> None:
    numbers = LeadNumbers()
    assert numbers.number(spans_of(["anon:7", "7"])).tolist() == [0, 1]
    one = np.ones(1, np.int64)
    assert numbers.number(Spans(np.frombuffer(b"7", np.uint8), one * 0, one, one)).tolist() == [0]


@given(st.lists(IDS, max_size=20), st.lists(IDS, max_size=20))
def test_looking_leads_up_adds_none(known: list[str], asked: list[str]) -> None:
    numbers = LeadNumbers()
    numbers.number(spans_of(known))
    before = numbers.names()
    found = numbers.find(spans_of(asked)).tolist()
    assert found == [before.index(lead) if lead in before else UNKNOWN for lead in asked]
    assert numbers.names() == before
    assert numbers.number(spans_of(before)).tolist() == list(range(len(before)))
