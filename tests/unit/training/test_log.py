"""Reading event logs: what counts, what is counted out, and what is refused."""

import hashlib
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.times import HOUR, format_time
from tests.training.logs import BEGIN, settings, write
from training.log import read_log
from training.refusal import TrainingRefused

SETTINGS: Final = settings()


def view(number: int, time: int = BEGIN, lead: str = "ann", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{lead}-{number}", "lead": lead, "time": format_time(time), "type": "web", "name": "page_view"
    } | more  # fmt: skip


def test_files_are_merged_and_a_leads_events_stand_in_order_of_time(tmp_path: Path) -> None:
    late = write(tmp_path / "b.jsonl", [view(2, BEGIN + 2 * HOUR), view(1, BEGIN, lead="bob")])
    early = write(tmp_path / "a.jsonl.gz", [view(3, BEGIN + HOUR), view(4, BEGIN + 3 * HOUR, path="/pricing")])
    log = read_log([late, early], "native", SETTINGS)
    assert log.leads == ["ann", "bob"]
    assert log.columns.lead.tolist() == [0, 0, 0, 1]
    assert (log.columns.time - BEGIN).tolist() == [HOUR, 2 * HOUR, 3 * HOUR, 0]
    # The pricing view, the third of ann's, is also a plain visit: its two hits moved with it.
    assert log.columns.hit_at.tolist() == [0, 1, 2, 4, 5]
    assert log.columns.hit_signal.tolist() == [0, 0, 0, 1, 0]
    assert (log.begin, log.end, log.lines) == (BEGIN, BEGIN + 3 * HOUR, 4)


def test_each_file_is_named_with_its_digest(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", [view(1)])
    assert read_log([path], "native", SETTINGS).files == (("log.jsonl", hashlib.sha256(path.read_bytes()).hexdigest()),)


def test_lines_that_are_no_events_are_counted_by_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", [view(n) for n in range(9)])
    limit = SETTINGS.limits.event_bytes
    with path.open("ab") as file:
        file.write(b'{"id":\n\n   \n{"id":"x"}\n\xff\n' + b'"' + b"x" * limit + b'"\n')
    log = read_log([path], "native", SETTINGS)
    assert log.unreadable == {"invalid": 1, "malformed": 2, "oversize": 1}
    assert (log.lines, len(log.columns.lead)) == (13, 9)


def test_events_that_say_nothing_are_counted_and_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", [view(1), view(2, lead="bob", name="scrolled")])
    log = read_log([path], "native", SETTINGS)
    assert (log.silent, log.leads) == (1, ["ann"])


def test_a_log_of_another_format_is_refused_with_numbers_an_example_and_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", [view(n) for n in range(3)])
    with pytest.raises(TrainingRefused, match=r"3 of 3 lines are no segment events.*log.jsonl, line 1.*--format"):
        read_log([path], "segment", SETTINGS)


def test_a_half_of_unreadable_lines_is_borne_and_one_more_is_not(tmp_path: Path) -> None:
    half = write(tmp_path / "half.jsonl", [view(1), {}])
    assert read_log([half], "native", SETTINGS).unreadable == {"invalid": 1}
    more = write(tmp_path / "more.jsonl", [view(1), {}, {}])
    with pytest.raises(TrainingRefused, match="2 of 3 lines"):
        read_log([more], "native", SETTINGS)


def test_an_empty_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="the event log is empty"):
        read_log([write(tmp_path / "log.jsonl", [])], "native", SETTINGS)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"cannot read the event log .*gone.jsonl: No such file"):
        read_log([tmp_path / "gone.jsonl"], "native", SETTINGS)


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "log.jsonl.gz", [view(n) for n in range(500)]).read_bytes()
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TrainingRefused, match=r"cannot read the event log .*cut.jsonl.gz"):
        read_log([cut], "native", SETTINGS)
