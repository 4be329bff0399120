"""A log of what webhooks delivered, an array a line, gives the events that a worker would have counted."""

from pathlib import Path
from typing import Any

from schemas.load import load_settings
from schemas.times import HOUR, SECOND
from tests.training.logs import BEGIN, write
from training.log import read_log


def sent(name: str, kind: str, hours: int = 0, **more: Any) -> dict[str, Any]:
    time = (BEGIN + hours * HOUR) // SECOND
    return {"sg_event_id": name, "event": kind, "email": "ann@example.com", "timestamp": time} | more


def test_each_event_of_an_array_is_read_and_those_of_machines_are_not(tmp_path: Path) -> None:
    lines: list[Any] = [
        [sent("a", "click", 2), sent("b", "open", 1), sent("c", "open", sg_machine_open=True)],
        sent("d", "click", 3),
        [sent("e", "open", 4, email="bob@example.com"), sent("f", "processed", 5)],
        [sent("g", "telepathy"), sent("h", "open")],
    ]
    log = read_log([write(tmp_path / "sendgrid.jsonl", lines)], "sendgrid", load_settings(None, {}))
    assert list(log.leads) == ["ann@example.com", "bob@example.com"]
    assert (log.columns.time - BEGIN).tolist() == [1 * HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]
    assert log.columns.hit_signal.tolist() == [5, 6, 6, 5]
    assert (log.lines, log.silent, log.unreadable) == (4, 1, {"unsupported": 1})
