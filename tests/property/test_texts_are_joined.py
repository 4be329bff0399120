"""Columns of text against the same texts made one by one."""

import json
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import EARLIEST, LATEST, format_time
from stream.core.texts import Texts, grouped, joined, numbers, of_width, texts_of, times_of, vectors, where

TEXT = st.binary(max_size=40)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


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


@given(st.integers(0, 20).flatmap(lambda size: st.lists(st.lists(NUMBER, min_size=size, max_size=size), min_size=1)))
def test_numbers_are_json_of_the_same_numbers(columns: list[list[int | float]]) -> None:
    assert [_read(texts) for texts in numbers(*columns)] == columns


@given(st.integers(0, 5), st.integers(1, 5), st.data())
def test_vectors_are_json_of_the_same_rows(rows: int, width: int, data: st.DataObject) -> None:
    row = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=width, max_size=width)
    matrix = np.array(data.draw(st.lists(row, min_size=rows, max_size=rows)), np.float32).reshape(rows, width)
    assert [json.loads(b"[%b]" % text) for text in vectors(matrix).each()] == matrix.tolist()


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


def _read(texts: Texts) -> Sequence[int | float]:
    return [json.loads(text) for text in texts.each()]
