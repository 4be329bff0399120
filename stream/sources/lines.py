"""Lines of a log, scanned at once: what training reads where a worker reads the records of a poll.

What a scan takes, the decoders would take and say the same of; all else is left to them, with no reason given.
"""

from typing import NamedTuple

import numpy as np

from stream.core.hashing import xxh3
from stream.core.kernel import kernel
from stream.core.kinds import UNKNOWN, KindTable
from stream.core.lead import Flags, Hashes, Ints
from stream.core.octets import Octets
from stream.sources.fields import ANONYMOUS, ID, ID_END, LEAD, LEAD_END, TIME, are_fit
from stream.sources.scan import WORK, Records, Work, kind_of, read_record


class Lines(NamedTuple):
    """N lines as they lie in a file: line i is data[at[i]:at[i + 1] - 1], with a zero byte after it. format: a code."""

    data: Octets
    at: Ints
    format: int


class ScannedLines(NamedTuple):
    """What was found of N lines. taken: whether the rest has a meaning. kind: in the table of kinds. time: the event's.
    event: hash of its id. lead, lead_end, anonymous: where the lead's id lies, see `stream.sources.lead_table.Spans`.
    """

    taken: Flags
    kind: Ints
    time: Ints
    event: Hashes
    lead: Ints
    lead_end: Ints
    anonymous: Ints


def scan_lines(lines: Lines, event_bytes: int, kinds: KindTable) -> ScannedLines:
    """Scans the lines, of at most so many bytes each. Not for two threads at once."""
    size = len(lines.at) - 1
    none = np.zeros(size, np.int64)
    records = Records(
        values=lines.data,
        value_at=lines.at,
        keys=lines.data[:0],
        key_at=none[:0],
        format=np.full(size, lines.format, np.int64),
        partition=none,
        timestamp=none,
    )
    found = ScannedLines(
        taken=np.zeros(size, np.bool_),
        kind=np.zeros(size, np.int64),
        time=np.zeros(size, np.int64),
        event=np.zeros(size, np.uint64),
        lead=np.zeros(size, np.int64),
        lead_end=np.zeros(size, np.int64),
        anonymous=np.zeros(size, np.int64),
    )
    _scan(records, event_bytes, kinds, WORK, found)
    return found


@kernel
def _scan(records: Records, event_bytes: int, kinds: KindTable, work: Work, out: ScannedLines) -> None:
    fields = work.fields
    for i in range(records.partition.size):
        start, end = records.value_at[i], records.value_at[i + 1] - 1
        if end - start > event_bytes or not read_record(records, i, work) or not are_fit(fields):
            continue
        kind = kind_of(records.values, fields, kinds, work.page_view)
        if kind == UNKNOWN or not kinds.plain[kind]:
            continue
        out.taken[i] = True
        out.kind[i] = kind
        out.time[i] = fields[TIME]
        out.event[i] = xxh3(records.values, fields[ID], fields[ID_END])
        out.lead[i], out.lead_end[i], out.anonymous[i] = fields[LEAD], fields[LEAD_END], fields[ANONYMOUS]
