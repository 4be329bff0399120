"""All records of a poll, scanned at once: no Python for an event that is like nearly all others.

What a scan takes has passed every check that a record must pass, the same as in `stream.runtime.intake`; the rest is
left to the decoders, with no reason given.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from schemas.settings import Format
from schemas.times import EARLIEST, LATEST
from stream.core.hashing import LONGEST, xxh3
from stream.core.kernel import kernel
from stream.core.kinds import UNKNOWN, KindTable, find_kind
from stream.core.lead import Flags, Hashes, Ints
from stream.core.octets import Octets, same
from stream.core.partitioner import murmur2
from stream.sources.fields import (
    ANONYMOUS,
    FIELDS,
    ID,
    ID_END,
    LEAD,
    LEAD_END,
    NAME,
    NAME_END,
    PAGE_VIEW,
    PATH,
    PATH_END,
    TIME,
    TYPE,
    are_fit,
)
from stream.sources.grammar import GIVEN_UP, skip_space
from stream.sources.native_scan import TYPE_NAMES, WANTED, scan_native
from stream.sources.registry_framing import FRAME, MAGIC
from stream.sources.scanning import Members, Names, no_members
from stream.sources.segment import PAGE_VIEW as PAGE_VIEW_NAME
from stream.sources.segment_scan import CALL, PAGE, scan_segment

NATIVE: Final = 0
SEGMENT: Final = 1
OTHER: Final = 2
"""A format that is always decoded."""
CODES: Final[Mapping[Format, int]] = {
    "native": NATIVE,
    "segment": SEGMENT,
    "sendgrid": OTHER,
    "mailgun": OTHER,
    "hubspot": OTHER,
    "customerio": OTHER,
}


class Records(NamedTuple):
    """N records as they lie in Kafka. value i is values[value_at[i]:value_at[i + 1] - 1], with a zero byte after it;
    key i is keys[key_at[i]:key_at[i + 1]]. format: a code. timestamp: Kafka's, in milliseconds.
    """

    values: Octets
    value_at: Ints
    keys: Octets
    key_at: Ints
    format: Ints
    partition: Ints
    timestamp: Ints


class Bounds(NamedTuple):
    """What a record must keep to: bytes of a value, milliseconds ahead of Kafka's time, partitions of a topic."""

    event_bytes: int
    ahead: int
    partitions: int


class Scanned(NamedTuple):
    """What was found of N records. taken: whether the rest has a meaning. kind: in the table of kinds.

    time: the event's; event: hash of its id; timestamp: Kafka's, or the event's where Kafka has none.
    """

    taken: Flags
    kind: Ints
    time: Ints
    event: Hashes
    timestamp: Ints


class Work(NamedTuple):
    """Names to look for, and arrays that are used again for each record."""

    native: Names
    types: Names
    call: Names
    page: Names
    page_view: Octets
    found_native: Members
    found_call: Members
    found_page: Members
    fields: Ints


WORK: Final = Work(
    WANTED,
    TYPE_NAMES,
    CALL,
    PAGE,
    np.frombuffer(PAGE_VIEW_NAME.encode(), np.uint8),
    no_members(WANTED.at.size - 1),
    no_members(CALL.at.size - 1),
    no_members(PAGE.at.size - 1),
    np.zeros(FIELDS, np.int64),
)


def scan(records: Records, bounds: Bounds, kinds: KindTable) -> Scanned:
    """Scans the records of a poll. Not for two threads at once."""
    size = len(records.partition)
    found = Scanned(
        np.zeros(size, np.bool_),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.uint64),
        np.zeros(size, np.int64),
    )
    _scan(records, bounds, kinds, WORK, found)
    return found


@kernel
def _scan(records: Records, bounds: Bounds, kinds: KindTable, work: Work, out: Scanned) -> None:
    fields = work.fields
    for i in range(records.partition.size):
        start, end = records.value_at[i], records.value_at[i + 1] - 1
        if end - start > bounds.event_bytes or not read_record(records, i, work):
            continue
        key, key_end = records.key_at[i], records.key_at[i + 1]
        if not are_fit(fields) or not _is_lead(records.values, fields, records.keys, key, key_end):
            continue
        if (murmur2(records.keys, key, key_end) & 0x7FFFFFFF) % bounds.partitions != records.partition[i]:
            continue
        time, timestamp = fields[TIME], records.timestamp[i]
        if not EARLIEST <= timestamp < LATEST:  # none at all, or a producer that stamps microseconds
            timestamp = time
        if time - timestamp > bounds.ahead:
            continue
        kind = kind_of(records.values, fields, kinds, work.page_view)
        if kind == UNKNOWN or not kinds.plain[kind]:
            continue
        out.taken[i] = True
        out.kind[i] = kind
        out.time[i] = time
        out.timestamp[i] = timestamp
        out.event[i] = xxh3(records.values, fields[ID], fields[ID_END])


@kernel
def read_record(records: Records, i: int, work: Work) -> bool:
    """Whether the value is one whole event, whose fields have been found."""
    values, end = records.values, records.value_at[i + 1] - 1
    at = records.value_at[i]
    if values[at] == MAGIC and end - at > FRAME:
        at += FRAME
    at = skip_space(values, at)
    if records.format[i] == NATIVE:
        at = scan_native(values, at, work.native, work.types, work.found_native, work.fields)
    elif records.format[i] == OTHER:
        return False
    else:
        at = scan_segment(values, at, work.call, work.page, work.found_call, work.found_page, work.fields)
    return bool(at != GIVEN_UP and skip_space(values, at) == end)


@kernel
def _is_lead(values: Octets, fields: Ints, keys: Octets, key: int, end: int) -> bool:
    """Whether the key is the lead's id."""
    if fields[ANONYMOUS] == 1:
        if end - key < 5 or keys[key] != ord("a") or keys[key + 1] != ord("n") or keys[key + 2] != ord("o"):
            return False
        if keys[key + 3] != ord("n") or keys[key + 4] != ord(":"):
            return False
        key += 5
    lead, lead_end = fields[LEAD], fields[LEAD_END]
    return bool(lead_end - lead == end - key and same(values, lead, lead_end, keys, key))


@kernel
def kind_of(values: Octets, fields: Ints, kinds: KindTable, page_view: Octets) -> int:
    path, path_end = fields[PATH], fields[PATH_END]
    if path_end - path > LONGEST:
        return UNKNOWN
    if fields[NAME] == PAGE_VIEW:
        return find_kind(kinds, fields[TYPE], page_view, 0, page_view.size, values, path, path_end)
    if fields[NAME_END] - fields[NAME] > LONGEST:
        return UNKNOWN
    return find_kind(kinds, fields[TYPE], values, fields[NAME], fields[NAME_END], values, path, path_end)
