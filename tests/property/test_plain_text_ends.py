"""The end of plain text, looked for eight bytes at a time, is where the definition puts it, byte by byte."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from stream.sources.grammar import plain_end

BEHIND = 7
"""So many bytes are looked at behind the end."""

nearly_plain = st.lists(st.sampled_from([*b"a ~!#[]", 34, 92, 0, 31, 32, 126, 127, 128, 255]), max_size=40).map(bytes)


def end_by_definition(data: bytes, at: int) -> int:
    """The first place of a quote, a backslash or what is no printable ASCII."""
    return next(i for i in range(at, len(data)) if data[i] in b'"\\' or not 32 <= data[i] < 127)


@given(st.one_of(st.binary(max_size=40), nearly_plain), st.integers(0, 40))
@example(b"a" * 40, 3)
@example(b"\xff\x7f!#[]\x1f ", 2)
def test_the_first_byte_that_ends_plain_text_is_found(text: bytes, at: int) -> None:
    data = text + b"\0"
    at = min(at, len(text))
    assert plain_end(np.frombuffer(data + bytes(BEHIND), np.uint8), at) == end_by_definition(data, at)


def test_every_byte_ends_plain_text_or_does_not_at_each_of_eight_places() -> None:
    for byte in range(256):
        for place in range(8):
            data = b"x" * place + bytes([byte]) + b'x"'
            array = np.frombuffer(data + bytes(BEHIND), np.uint8)
            assert plain_end(array, 0) == end_by_definition(data, 0)
