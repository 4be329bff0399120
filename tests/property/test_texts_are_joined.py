"""Columns of text against the same texts made one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import EARLIEST, LATEST, format_time
from stream.core.texts import grouped, joined, of_width, texts_of, times_of, where

TEXT = st.binary(max_size=40)


@given(st.integers(0, 6).flatmap(lambda size: st.lists(TEXT | st.lists(TEXT, min_size=size, max_size=size).map(tuple))))
def test_parts_are_joined_row_by_row(parts: list[bytes | tuple[bytes, ...]]) -> None:
    columns = [part for part in parts if isinstance(part, tuple)]
    size = len(columns[0]) if columns else 3
    found = joined(size, *(part if isinstance(part, bytes) else texts_of(part) for part in parts))
    expected = [b"".join(part if isinstance(part, bytes) else part[row] for part in parts) for row in range(size)]
    assert found.each() == expected
    assert [found.at(row) for row in range(size)] == expected


@given(st.lists(TEXT), st.data())
def test_texts_are_picked_by_their_places(parts: list[bytes], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(parts) - 1)) if parts else st.just([]))
    assert texts_of(parts).pick(np.array(places, np.int64)).each() == [parts[place] for place in places]


@given(st.lists(st.lists(TEXT, max_size=4)))
def test_neighbours_become_one_text(groups: list[list[bytes]]) -> None:
    flat = [part for group in groups for part in group]
    texts = joined(len(flat), texts_of(flat))
    sizes = np.array([len(group) for group in groups], np.int64)
    assert grouped(texts, sizes).each() == [b"".join(group) for group in groups]


@given(st.lists(st.tuples(TEXT, st.booleans())), TEXT)
def test_another_text_stands_where_none_is_wanted(rows: list[tuple[bytes, bool]], otherwise: bytes) -> None:
    wanted = np.array([is_wanted for _, is_wanted in rows], np.bool_)
    found = where(wanted, texts_of([part for part, _ in rows]), otherwise)
    assert found.each() == [part if is_wanted else otherwise for part, is_wanted in rows]


@given(st.lists(st.integers(EARLIEST, LATEST - 1)))
def test_times_are_written_as_everywhere(instants: list[int]) -> None:
    assert times_of(np.array(instants, np.int64)).each() == [format_time(each).encode() for each in instants]


def test_a_day_that_few_years_have_is_written() -> None:
    leap = 1_709_164_800_000  # 29 February 2024
    assert times_of(np.array([leap - 1, leap, leap + 86_400_000], np.int64)).each() == [
        b"2024-02-28T23:59:59.999Z",
        b"2024-02-29T00:00:00.000Z",
        b"2024-03-01T00:00:00.000Z",
    ]


def test_pieces_have_one_width() -> None:
    assert of_width(b"aabbcc", 2).each() == [b"aa", b"bb", b"cc"]
