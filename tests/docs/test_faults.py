"""What docs/faults.md says of the rows and their figures is what is played and written."""

import re
from dataclasses import fields

import pytest

from stream.runtime.metrics import Metrics
from tests.docs.blocks import ROOT, commands, named
from tests.faults.__main__ import parse
from tests.faults.catalogue import ROWS, SHORT
from tests.faults.outcome import Outcome

PAGE = "docs/faults.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_it_has_every_row_once() -> None:
    assert list(map(int, named(PAGE, "The rows"))) == sorted(ROWS)


def test_it_explains_every_figure_in_order() -> None:
    assert named(PAGE, "How to read the figures") == [field.name for field in fields(Outcome)]


def test_it_names_the_rows_of_every_test_run() -> None:
    told = re.search(r"`make test` plays the rows ([\d, and]+) in a", TEXT)
    assert told is not None
    assert tuple(map(int, re.findall(r"\d+", told[1]))) == SHORT


def test_the_metrics_that_it_names_exist() -> None:
    described = {each.name for each in Metrics().described}
    told = set(re.findall(r"`(leadpulse_\w+)`", TEXT))
    assert told
    assert told <= described


@pytest.mark.parametrize("command", commands(PAGE))
def test_its_commands_have_options_that_are_there(command: str) -> None:
    given = re.fullmatch(r'make faults(?: FAULTS="([^"]*)")?', command)
    assert given is not None
    options = parse((given[1] or "").split())
    assert set(options.rows) <= set(ROWS)


def test_a_row_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--rows", "1,99"])
    assert "no row 99" in capsys.readouterr().err
