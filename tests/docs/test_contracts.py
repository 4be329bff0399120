"""The page of the contracts names every published file, and its commands succeed."""

import shlex

import pytest

from leadpulse.commands.contracts import PUBLISHED
from leadpulse.main import main
from tests.docs.blocks import ROOT, commands, named

PAGE = "docs/contracts.md"


def test_every_published_file_is_described_and_no_other() -> None:
    assert sorted(named(PAGE, "Contracts")) == sorted(path.name for path in PUBLISHED.iterdir())


@pytest.mark.parametrize("command", commands(PAGE))
def test_a_command_succeeds(command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "leadpulse"
    assert main(arguments) == 0


def test_the_subscribers_that_it_speaks_of_are_there() -> None:
    text = (ROOT / "examples/consumers/README.md").read_text(encoding="utf-8")
    for path in ("python/subscriber.py", "java/Subscriber.java", "shell/subscriber.sh"):
        assert f"({path})" in text
        assert (ROOT / "examples/consumers" / path).is_file()
