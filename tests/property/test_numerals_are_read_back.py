"""Numbers written a column at a time are JSON, and read back they are the same."""

import json
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.core.numerals import decimals, nearest, numbers, singles, vectors, wholes

DOUBLE = st.floats(allow_nan=False, allow_infinity=False)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)
WHOLE_SINGLE = st.integers(-(2**24), 2**24).map(float)


@given(st.lists(DOUBLE))
def test_a_double_is_read_back(column: list[float]) -> None:
    assert [float(text) for text in numbers(column).each()] == column


@given(st.lists(st.integers(-(10**18), 10**18)))
def test_a_whole_number_is_written_as_everywhere(column: list[int]) -> None:
    assert wholes(np.array(column, np.int64)).each() == [b"%d" % number for number in column]


@given(st.lists(st.integers(-(10**18), 10**18)), st.integers(1, 12))
def test_a_decimal_fraction_is_exact_and_as_short_as_can_be(column: list[int], digits: int) -> None:
    for number, text in zip(column, decimals(np.array(column, np.int64), digits).each(), strict=True):
        written = text.decode()
        assert Decimal(written) == Decimal(number).scaleb(-digits)
        assert isinstance(json.loads(written), float)
        _, fraction = written.split(".")
        assert fraction == "0" or not fraction.endswith("0")


@given(st.lists(st.floats(-1e6, 1e6)), st.integers(0, 9))
def test_the_nearest_decimal_fraction_is_taken(column: list[float], digits: int) -> None:
    found = nearest(np.array(column, np.float64), digits).tolist()
    for number, many in zip(column, found, strict=True):
        # Half a fraction, and what a double cannot hold of the product.
        assert abs(Decimal(number).scaleb(digits) - many) <= Decimal("0.5") + abs(many) * Decimal(2) ** -52


@given(st.integers(0, 5), st.integers(1, 5), st.data())
def test_a_row_of_a_matrix_is_read_back(rows: int, width: int, data: st.DataObject) -> None:
    row = st.lists(SINGLE | WHOLE_SINGLE, min_size=width, max_size=width)
    matrix = np.array(data.draw(st.lists(row, min_size=rows, max_size=rows)), np.float32).reshape(rows, width)
    found = [json.loads(b"[%b]" % text) for text in vectors(matrix).each()]
    assert found == matrix.tolist()
    assert np.array_equal(np.signbit(np.array(found, np.float32).reshape(rows, width)), np.signbit(matrix))
    assert all(isinstance(number, float) for row in found for number in row)


@given(st.lists(SINGLE | WHOLE_SINGLE))
def test_a_column_of_32_bit_numbers_is_read_back(column: list[float]) -> None:
    assert [float(text) for text in singles(np.array(column, np.float32)).each()] == column


def test_numbers_around_the_largest_that_is_written_digit_by_digit_keep_their_places() -> None:
    edge = np.array([[2.0**power + step * 2.0 ** (power - 23) for step in (-1, 0, 1)] for power in range(47, 53)])
    matrix = np.concatenate((edge, np.array([[1e15, 999999986991104.0, 1000000054099968.0]]))).astype(np.float32)
    assert [json.loads(b"[%b]" % text) for text in vectors(matrix).each()] == matrix.tolist()
