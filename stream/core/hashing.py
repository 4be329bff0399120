"""XXH3 (64 bits, seed 0) of up to 128 bytes, compiled: what names an event within a lead, and finds a key in a table.

Follows the specification of xxHash by Yann Collet (doc/xxhash_spec.md, version 0.2.0), sections on XXH3.
"""

from typing import Final

import numpy as np

from stream.core.kernel import kernel
from stream.core.octets import Octets, get_fixed

LONGEST: Final = 128
"""Longer input takes other steps, which nothing here needs."""

_P1: Final = np.uint64(0x9E3779B185EBCA87)
_P2: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_P3: Final = np.uint64(0x165667B19E3779F9)
_MX1: Final = np.uint64(0x165667919E3779F9)
_MX2: Final = np.uint64(0x9FB21C651E98DF25)
_LOW: Final = np.uint64(0xFFFFFFFF)

_SECRET: Final = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
)
"""The first 128 bytes of the algorithm's default secret."""
_WORDS: Final = np.frombuffer(_SECRET, "<u8").astype(np.uint64)
_SHORT: Final = np.uint64(int.from_bytes(_SECRET[0:4], "little") ^ int.from_bytes(_SECRET[4:8], "little"))


@kernel
def _word(data: Octets, at: int) -> np.uint64:
    return get_fixed(data, at, 8)


@kernel
def _half(data: Octets, at: int) -> np.uint64:
    return get_fixed(data, at, 4)


@kernel
def _fold(a: np.uint64, b: np.uint64) -> np.uint64:
    """The upper half of the 128-bit product, combined with the lower one."""
    low_a, high_a, low_b, high_b = a & _LOW, a >> np.uint64(32), b & _LOW, b >> np.uint64(32)
    low = low_a * low_b
    middle_a = high_a * low_b
    middle_b = low_a * high_b
    carried = (low >> np.uint64(32)) + (middle_a & _LOW) + middle_b
    high = high_a * high_b + (middle_a >> np.uint64(32)) + (carried >> np.uint64(32))
    return np.uint64((carried << np.uint64(32)) | (low & _LOW)) ^ high


@kernel
def _swap(word: np.uint64) -> np.uint64:
    found = np.uint64(0)
    for i in range(8):
        found = (found << np.uint64(8)) | ((word >> np.uint64(8 * i)) & np.uint64(255))
    return found


@kernel
def _mixed(data: Octets, at: int, word: int) -> np.uint64:
    return _fold(_word(data, at) ^ _WORDS[word], _word(data, at + 8) ^ _WORDS[word + 1])


@kernel
def _avalanche(found: np.uint64) -> np.uint64:
    found ^= found >> np.uint64(37)
    found *= _MX1
    return np.uint64(found ^ (found >> np.uint64(32)))


@kernel
def xxh3(data: Octets, start: int, end: int) -> np.uint64:
    """XXH3-64 of data[start:end], of at most LONGEST bytes and at least one."""
    size = end - start
    length = np.uint64(size)
    if size > 16:
        found = length * _P1
        for part in range((size - 1) // 32 + 1):
            found += _mixed(data, start + 16 * part, 4 * part)
            found += _mixed(data, end - 16 * (part + 1), 4 * part + 2)
        return _avalanche(found)
    if size > 8:
        low = _word(data, start) ^ _WORDS[3] ^ _WORDS[4]
        high = _word(data, end - 8) ^ _WORDS[5] ^ _WORDS[6]
        return _avalanche(length + _swap(low) + high + _fold(low, high))
    if size > 3:
        found = (_half(data, end - 4) + (_half(data, start) << np.uint64(32))) ^ _WORDS[1] ^ _WORDS[2]
        found ^= (found << np.uint64(49) | found >> np.uint64(15)) ^ (found << np.uint64(24) | found >> np.uint64(40))
        found *= _MX2
        found ^= (found >> np.uint64(35)) + length
        found *= _MX2
        return np.uint64(found ^ (found >> np.uint64(28)))
    first, second, last = np.uint64(data[start]), np.uint64(data[start + (size >> 1)]), np.uint64(data[end - 1])
    found = (first << np.uint64(16) | second << np.uint64(24) | last | length << np.uint64(8)) ^ _SHORT
    found ^= found >> np.uint64(33)
    found *= _P2
    found ^= found >> np.uint64(29)
    found *= _P3
    return np.uint64(found ^ (found >> np.uint64(32)))
