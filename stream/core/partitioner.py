"""Kafka's default partitioner: murmur2 of the key, as Java producers and librdkafka's `murmur2_random` have it."""

import numpy as np

from stream.core.kernel import kernel
from stream.core.octets import Octets, get_fixed

SEED = 0x9747B28C
MIX = 0x5BD1E995
MASK = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that a record with this key belongs in."""
    return int(murmur2(np.frombuffer(key, np.uint8), 0, len(key)) & 0x7FFFFFFF) % partitions


@kernel
def murmur2(data: Octets, start: int, end: int) -> int:
    """MurmurHash2 of Austin Appleby over data[start:end], with Kafka's seed (o.a.k.common.utils.Utils.murmur2)."""
    size = end - start
    found = (SEED ^ size) & MASK
    for i in range(start, end - size % 4, 4):
        part = (int(get_fixed(data, i, 4)) * MIX) & MASK
        part ^= part >> 24
        part = (part * MIX) & MASK
        found = (found * MIX) & MASK
        found ^= part
    rest = end - size % 4
    if size % 4 == 3:
        found ^= int(data[rest + 2]) << 16
    if size % 4 >= 2:
        found ^= int(data[rest + 1]) << 8
    if size % 4 >= 1:
        found ^= int(data[rest])
        found = (found * MIX) & MASK
    found ^= found >> 13
    found = (found * MIX) & MASK
    return int(found ^ (found >> 15))
