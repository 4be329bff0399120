"""Segment's track, page and screen calls, found by scanning; the others are left to `stream.sources.segment`."""

from typing import Final

from stream.core.kernel import kernel
from stream.core.lead import Ints
from stream.core.octets import Octets
from stream.sources.fields import ANONYMOUS, ID, LEAD, NAME, NO_TIME, PAGE_VIEW, PATH, TIME, TYPE, read_time
from stream.sources.grammar import GIVEN_UP
from stream.sources.scanning import ABSENT, NULL, OBJECT, TEXT, Members, Names, find_members, names

_TYPE: Final = 0
_MESSAGE_ID: Final = 1
_USER: Final = 2
_ANONYMOUS: Final = 3
_TIMESTAMP: Final = 4
_EVENT: Final = 5
_PROPERTIES: Final = 6
_CONTEXT: Final = 7
CALL: Final = names("type", "messageId", "userId", "anonymousId", "timestamp", "event", "properties", "context")
PAGE: Final = names("path", "url", "page")

_PATH: Final = 0
_URL: Final = 1
_PAGE: Final = 2

WEB: Final = 0
EMAIL: Final = 1
PRODUCT: Final = 2


@kernel
def scan_segment(data: Octets, at: int, call: Names, page: Names, found: Members, nested: Members, fields: Ints) -> int:
    """Finds the fields of the call that begins at `at`; returns the place after it, or GIVEN_UP."""
    end = find_members(data, at, call, found)
    if end == GIVEN_UP:
        return GIVEN_UP
    for field in (_TYPE, _MESSAGE_ID, _TIMESTAMP):
        if found.what[field] != TEXT:
            return GIVEN_UP
    properties = found.what[_PROPERTIES]
    if properties != OBJECT and properties != ABSENT and properties != NULL:
        return GIVEN_UP
    fields[TIME] = read_time(data, found.start[_TIMESTAMP], found.end[_TIMESTAMP])
    fields[ID], fields[ID + 1] = found.start[_MESSAGE_ID], found.end[_MESSAGE_ID]
    if fields[TIME] == NO_TIME or not _find_lead(found, fields):
        return GIVEN_UP
    start = found.start[_TYPE]
    size = found.end[_TYPE] - start
    if size == 5 and _is(data, start, b"track"):
        return end if _track(data, found, fields) else GIVEN_UP
    if (size == 4 and _is(data, start, b"page")) or (size == 6 and _is(data, start, b"screen")):
        return end if _page(data, found, page, nested, fields) else GIVEN_UP
    return GIVEN_UP


@kernel
def _find_lead(found: Members, fields: Ints) -> bool:
    user = found.what[_USER]
    empty = user == TEXT and found.start[_USER] == found.end[_USER]
    who = _USER if user == TEXT and not empty else _ANONYMOUS
    if found.what[who] != TEXT or (who == _ANONYMOUS and user != ABSENT and user != NULL and not empty):
        return False
    fields[LEAD], fields[LEAD + 1] = found.start[who], found.end[who]
    fields[ANONYMOUS] = 1 if who == _ANONYMOUS else 0
    return True


@kernel
def _track(data: Octets, found: Members, fields: Ints) -> bool:
    if found.what[_EVENT] != TEXT:
        return False
    start = found.start[_EVENT]
    fields[NAME], fields[NAME + 1] = start, found.end[_EVENT]
    fields[PATH], fields[PATH + 1] = 0, 0
    fields[TYPE] = EMAIL if found.end[_EVENT] - start >= 6 and _is(data, start, b"Email ") else PRODUCT
    return True


@kernel
def _page(data: Octets, found: Members, page: Names, nested: Members, fields: Ints) -> bool:
    fields[TYPE], fields[NAME] = WEB, PAGE_VIEW
    fields[PATH], fields[PATH + 1] = 0, 0
    url = ABSENT
    if found.what[_PROPERTIES] == OBJECT:
        if find_members(data, found.start[_PROPERTIES], page, nested) == GIVEN_UP:
            return False
        if _take_path(nested, fields):
            return True
        url = nested.what[_URL]
        if nested.what[_PATH] != ABSENT and nested.what[_PATH] != NULL:
            return False
    if found.what[_CONTEXT] == OBJECT:
        if find_members(data, found.start[_CONTEXT], page, nested) == GIVEN_UP:
            return False
        if nested.what[_PAGE] == OBJECT:
            if find_members(data, nested.start[_PAGE], page, nested) == GIVEN_UP:
                return False
            if _take_path(nested, fields):
                return True
            if nested.what[_PATH] != ABSENT and nested.what[_PATH] != NULL:
                return False
        elif nested.what[_PAGE] != ABSENT and nested.what[_PAGE] != NULL:
            return False
    elif found.what[_CONTEXT] != ABSENT and found.what[_CONTEXT] != NULL:
        return False
    return bool(url == ABSENT or url == NULL)


@kernel
def _take_path(nested: Members, fields: Ints) -> bool:
    if nested.what[_PATH] != TEXT:
        return False
    fields[PATH], fields[PATH + 1] = nested.start[_PATH], nested.end[_PATH]
    return True


@kernel
def _is(data: Octets, at: int, text: bytes) -> bool:
    for i in range(len(text)):
        if data[at + i] != text[i]:
            return False
    return True
