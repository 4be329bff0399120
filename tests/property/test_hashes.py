"""The compiled hash is XXH3, whatever the length, so that ids named by it can be compared with any other program's."""

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from stream.core.hashing import LONGEST, xxh3


@given(st.binary(min_size=1, max_size=LONGEST), st.binary(max_size=9), st.binary(max_size=9))
def test_it_is_the_librarys_of_any_part_of_an_array(text: bytes, before: bytes, after: bytes) -> None:
    data = np.frombuffer(before + text + after, np.uint8)
    assert int(xxh3(data, len(before), len(before) + len(text))) == xxhash.xxh3_64_intdigest(text)


@pytest.mark.parametrize("size", range(1, LONGEST + 1))
def test_it_is_the_librarys_at_every_length(size: int) -> None:
    text = bytes(range(1, size + 1))
    assert int(xxh3(np.frombuffer(text, np.uint8), 0, size)) == xxhash.xxh3_64_intdigest(text)
