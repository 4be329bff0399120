"""The log's lines, for people and for machines."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from stream.runtime.logs import EPOCH, set_up_log
from tests.unit.schemas.files import shipped

PASSWORD = "sehr-geheim"
log = logging.getLogger("leadpulse.test")


@pytest.fixture(autouse=True)
def _leave_the_log_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def said(capsys: pytest.CaptureFixture[str], format: str, *arguments: Any, error: bool = False) -> str:
    """The one line (with a traceback, lines) that comes of it."""

    def change(content: dict[str, Any]) -> None:
        content["worker"] = "pod-3"
        content["log"] = {"format": format}
        security = {"protocol": "sasl", "mechanism": "PLAIN", "username": "leadpulse", "password": PASSWORD}
        content["kafka"] = {"security": security}

    set_up_log(shipped(change), "INFO")
    log.debug("not asked for")
    log.warning(*arguments, exc_info=error)
    return capsys.readouterr().err


def test_json_is_an_object_a_line_with_the_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    token = EPOCH.set("ab12-7")
    try:
        line = said(capsys, "json", "epoch rolled back: %s", "zwölf\nZeilen")
    finally:
        EPOCH.reset(token)
    assert line.count("\n") == 1
    found = json.loads(line)
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "WARNING",
        "logger": "leadpulse.test",
        "thread": "MainThread",
        "application": "leadpulse",
        "worker": "pod-3",
        "message": "epoch rolled back: zwölf\nZeilen",
        "epoch": "ab12-7",
    }


def test_text_names_the_epoch_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "epoch" not in said(capsys, "text", "stopped")
    token = EPOCH.set("ab12-7")
    try:
        assert said(capsys, "text", "stopped").endswith("WARNING leadpulse.test stopped [epoch ab12-7]\n")
    finally:
        EPOCH.reset(token)


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_password_is_struck_out_wherever_a_library_put_it(capsys: pytest.CaptureFixture[str], format: str) -> None:
    try:
        raise RuntimeError(f"cannot log in with {PASSWORD}")
    except RuntimeError as error:
        told = said(capsys, format, "failed: %s", error, error=True)
    assert PASSWORD not in told
    assert told.count("cannot log in with ***") >= 2
    assert "Traceback" in told
