"""The page of the sources has every format, and its tables say what the readers do."""

import json
import re
from typing import Any, Final, get_args

import pytest

from schemas.settings import Format
from stream.sources.formats import READERS, read_enveloped
from tests.docs.blocks import ROOT, named
from tests.unit.sources.test_customerio import OPENED as CUSTOMERIO
from tests.unit.sources.test_mailgun import OPENED as MAILGUN
from tests.unit.sources.test_sendgrid import OPEN as SENDGRID

PAGE: Final = "docs/sources.md"
_CODE: Final = re.compile(r"`([^`]+)`(?:, (permanently|temporarily))?")
_SEVERITIES: Final = {"permanently": "permanent", "temporarily": "temporary"}


def test_every_format_is_described() -> None:
    assert named(PAGE, "Sources") == list(get_args(Format)) == list(READERS)


def rows() -> list[tuple[str, Format, str, str]]:
    """Of the table of names: name, format, the service's own word, and severity where one is given."""
    services: tuple[Format, ...] = ("sendgrid", "mailgun", "customerio")
    found = []
    for line in (ROOT / PAGE).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`email_"):
            for service, cell in zip(services, cells[1:], strict=True):
                found += [(cells[0].strip("`"), service, word, severity) for word, severity in _CODE.findall(cell)]
    return found


@pytest.mark.parametrize(("name", "format", "word", "severity"), rows())
def test_an_event_has_the_name_that_the_table_gives(name: str, format: Format, word: str, severity: str) -> None:
    contents: dict[str, Any] = {
        "sendgrid": [SENDGRID | {"event": word}],
        "mailgun": {"event-data": MAILGUN | {"event": word, "severity": _SEVERITIES.get(severity)}},
        "customerio": CUSTOMERIO | {"metric": word},
    }
    assert [event.name for event in READERS[format](json.dumps(contents[format]).encode())] == [name]


def test_the_table_has_every_word_of_two_services_and_the_email_words_of_the_third() -> None:
    words = {format: {word for _, each, word, _ in rows() if each == format} for format in ("sendgrid", "mailgun")}
    assert len(words["sendgrid"]) == 11
    assert len(words["mailgun"]) == 8


def test_a_cloudevent_fills_each_field_that_the_page_lists() -> None:
    attributes = {
        "specversion": "1.0",
        "id": "7",
        "source": "/s",
        "type": "demo_request",
        "time": "2026-03-01T09:30:00Z",
    }
    attributes |= {"subject": "ann", "channel": "web"}
    headers = {f"ce_{name}": text.encode() for name, text in attributes.items()}
    (event,) = read_enveloped("native", b"{}", lambda: headers)
    assert named(PAGE, "Envelopes") == ["id", "lead", "time", "name", "type"]
    assert (event.id, event.lead, event.name, event.type) == ("/s 7", "ann", "demo_request", "web")
