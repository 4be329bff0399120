"""Files and functions that can be read at one sitting."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.repository import files, text

LONGEST_FILE = 300
# One broker's whole life, from jars to watchdog; nothing else uses its parts.
LONGER = {"tests/brokers/local_kafka.py": 340}
LONGEST_FUNCTION = 60

SOURCES = files("*.py")


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring and without what is defined inside by itself."""
    inner = [
        node for node in ast.walk(function) if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    own = set(range(function.lineno, (function.end_lineno or 0) + 1))
    for node in inner:
        if node is not function:
            own -= set(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(own) - len((ast.get_docstring(function, clean=False) or "").splitlines())


@pytest.mark.parametrize("path", SOURCES)
def test_a_file_has_one_subject(path: str) -> None:
    assert len(text(path).splitlines()) <= LONGER.get(path, LONGEST_FILE)


@pytest.mark.parametrize("path", SOURCES)
def test_a_function_fits_a_screen(path: str) -> None:
    long = {function.name: length(function) for function in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", [path for path in SOURCES if text(path).strip()])
def test_a_module_says_what_it_is(path: str) -> None:
    said = ast.get_docstring(ast.parse(text(path)))
    assert said, "a module begins with a sentence on what it is"
