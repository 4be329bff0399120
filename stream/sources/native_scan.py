"""The native format, found by scanning; profile events are left to `stream.sources.native`."""

from typing import Final

from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets
from stream.sources.fields import ID, LEAD, NAME, NO_TIME, PATH, TIME, TYPE, read_time
from stream.sources.grammar import GIVEN_UP
from stream.sources.scanning import ABSENT, OBJECT, TEXT, Members, Names, find_members, names

_ID: Final = 0
_LEAD: Final = 1
_TIME: Final = 2
_TYPE: Final = 3
_NAME: Final = 4
_PATH: Final = 5
_PROPERTIES: Final = 6
WANTED: Final = names("id", "lead", "time", "type", "name", "path", "properties")

WEB: Final = 0
TYPE_NAMES: Final = names("web", "email", "product", "crm", "intent", "profile", "outcome")
"""In the order of `stream.core.kinds.TYPES`."""
_PROFILE: Final = 5


@kernel
def scan_native(data: Octets, at: int, wanted: Names, types: Names, found: Members, fields: Ints) -> int:
    """Finds the fields of the event that begins at `at`; returns the place after it, or GIVEN_UP."""
    end = find_members(data, at, wanted, found)
    if end == GIVEN_UP:
        return GIVEN_UP
    for field in range(_ID, _PATH):
        if found.what[field] != TEXT:
            return GIVEN_UP
    if found.what[_PROPERTIES] != OBJECT and found.what[_PROPERTIES] != ABSENT:
        return GIVEN_UP
    fields[TYPE] = _type_of(data, found.start[_TYPE], found.end[_TYPE], types)
    fields[TIME] = read_time(data, found.start[_TIME], found.end[_TIME])
    if fields[TYPE] < 0 or fields[TYPE] == _PROFILE or fields[TIME] == NO_TIME:
        return GIVEN_UP
    fields[ID], fields[ID + 1] = found.start[_ID], found.end[_ID]
    fields[LEAD], fields[LEAD + 1], fields[LEAD + 2] = found.start[_LEAD], found.end[_LEAD], 0
    fields[NAME], fields[NAME + 1] = found.start[_NAME], found.end[_NAME]
    fields[PATH], fields[PATH + 1] = 0, 0
    if fields[TYPE] == WEB and found.what[_PATH] != ABSENT:
        if found.what[_PATH] != TEXT:
            return GIVEN_UP
        fields[PATH], fields[PATH + 1] = found.start[_PATH], found.end[_PATH]
    return end


@kernel
def _type_of(data: Octets, start: int, end: int, types: Names) -> int:
    for i in range(types.at.size - 1):
        first = types.at[i]
        if types.at[i + 1] - first != end - start:
            continue
        same = 0
        while same < end - start and data[start + same] == types.text[first + same]:
            same += 1
        if same == end - start:
            return i
    return -1
