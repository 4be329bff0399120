"""Every command and subcommand has help text and is found in the documents; so are every make target and topic."""

import argparse
import re
from collections.abc import Iterator

import pytest

from leadpulse.main import build_parser
from tests.house.repository import files, text


def commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Name, parser and one-line help of every command below."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {each.dest: each.help or "" for each in action._choices_actions}
            for word, inner in action.choices.items():
                yield f"{name} {word}", inner, told.get(word, "")
                yield from commands(inner, f"{name} {word}")


COMMANDS = {name: (parser, told) for name, parser, told in commands(build_parser(), "leadpulse")}
DOCUMENTS = {path: text(path) for path in files("README.md", "docs/*.md")}


def test_there_are_commands() -> None:
    assert {"leadpulse worker", "leadpulse train", "leadpulse demo", "leadpulse config check"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help(name: str) -> None:
    parser, told = COMMANDS[name]
    assert told and told[0].islower() and not told.endswith(".")
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), f"{action.option_strings} says nothing"
    assert parser.format_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_documents(name: str) -> None:
    assert [path for path, content in DOCUMENTS.items() if re.search(rf"{name}\b", content)]


def test_the_documents_name_no_command_that_is_not_there() -> None:
    named = {
        match[0].strip()
        for content in DOCUMENTS.values()
        for match in re.finditer(r"(?<=[`$ ]|\n)leadpulse [a-z]+(?= --|`|\n| [a-z]+\.(?:yaml|jsonl))", content)
    }
    assert named <= set(COMMANDS)
