"""Writing and reading numbers in packed rows: LEB128 for whole numbers, little-endian for hashes and float bits.

The indices have no sign: one that has may mean a place counted from the end, and to look at that for each byte takes
time and keeps the compiler from taking them eight or sixteen at a time.
"""

import numpy as np

from stream.core.kernel import kernel

Octets = np.ndarray[tuple[int], np.dtype[np.uint8]]


@kernel
def put(out: Octets, at: int, number: int) -> int:
    """Writes a number >= 0 in as few bytes as it takes (at most 9); returns the place after it."""
    place = np.uint64(at)
    while number >= 128:
        out[place] = np.uint8((number & 127) | 128)
        number >>= 7
        place += np.uint64(1)
    out[place] = np.uint8(number)
    return int(place) + 1


@kernel
def get(data: Octets, at: int) -> tuple[int, int]:
    """Reads what `put` wrote: the number and the place after it."""
    number = 0
    shift = 0
    place = np.uint64(at)
    while data[place] >= 128:
        number |= (int(data[place]) & 127) << shift
        shift += 7
        place += np.uint64(1)
    return number | (int(data[place]) << shift), int(place) + 1


@kernel
def put_signed(out: Octets, at: int, number: int) -> int:
    """Writes any number of up to 62 bits, small ones of either sign in few bytes."""
    return put(out, at, number * 2 if number >= 0 else -number * 2 - 1)


@kernel
def get_signed(data: Octets, at: int) -> tuple[int, int]:
    """Reads what `put_signed` wrote."""
    number, at = get(data, at)
    return (number >> 1 if number & 1 == 0 else -(number >> 1) - 1), at


@kernel
def put_fixed(out: Octets, at: int, bits: np.uint64, size: int) -> int:
    """Writes the lowest `size` bytes of the bits, little-endian."""
    bits, first = np.uint64(bits), np.uint64(at)
    for i in range(np.uint64(size)):
        out[first + i] = np.uint8((bits >> (np.uint64(8) * i)) & np.uint64(255))
    return at + size


@kernel
def get_fixed(data: Octets, at: int, size: int) -> np.uint64:
    """Reads what `put_fixed` wrote."""
    bits, first = np.uint64(0), np.uint64(at)
    for i in range(np.uint64(size)):
        bits |= np.uint64(data[first + i]) << (np.uint64(8) * i)
    return bits


@kernel
def copy(data: Octets, start: int, end: int, out: Octets, at: int) -> int:
    """Copies data[start:end] to `at`; returns the place after it."""
    source, target = np.uint64(start), np.uint64(at)
    for i in range(np.uint64(end - start)):
        out[target + i] = data[source + i]
    return at + end - start


@kernel
def same(data: Octets, start: int, end: int, other: Octets, at: int) -> bool:
    """Whether data[start:end] stands in `other` from `at` on."""
    first, second = np.uint64(start), np.uint64(at)
    for i in range(np.uint64(end - start)):
        if data[first + i] != other[second + i]:
            return False
    return True
