"""A log is read as its decoders read each line, however the file is cut into blocks."""

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.settings import Format
from schemas.times import DAY, HOUR, format_time
from stream.core.events import Unreadable
from stream.core.signals import Signals
from stream.sources.formats import READERS
from tests.training import logs
from training import blocks
from training.log import EventLog, read_log

SETTINGS: Final = logs.settings()

Said = tuple[str, int, int, int, int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]


def decoded(lines: Sequence[bytes], format: Format) -> tuple[list[Said], Counter[str], int]:
    """By the decoders alone: what each event says, by lead and time; refused lines by reason; silent events."""
    signals, said, refused, silent = Signals(SETTINGS.observed), list[Said](), Counter[str](), 0
    for line in lines:
        if not line.strip():
            continue
        try:
            if len(line.strip()) > SETTINGS.limits.event_bytes:
                raise Unreadable("oversize", "")
            events = READERS[format](line.strip())
        except Unreadable as error:
            refused[error.reason] += 1
            continue
        for event in events:
            reading = signals.read(event)
            silent += not reading.carries
            if reading.carries:
                hits, tells = tuple(reading.hits), tuple(reading.tells)
                said.append((event.lead, event.time, reading.event, int(reading.outcome), reading.landing, hits, tells))
    order = {lead: place for place, lead in enumerate(dict.fromkeys(each[0] for each in said))}
    return sorted(said, key=lambda each: (order[each[0]], each[1])), refused, silent


def read(log: EventLog) -> list[Said]:
    c = log.columns
    found: list[Said] = []
    for i in range(len(c.lead)):
        hit, tell = slice(c.hit_at[i], c.hit_at[i + 1]), slice(c.tell_at[i], c.tell_at[i + 1])
        hits = tuple(zip(c.hit_signal[hit].tolist(), c.hit_value[hit].tolist(), strict=True))
        tells = tuple(zip(c.tell_field[tell].tolist(), c.tell_value[tell].tolist(), strict=True))
        who = log.leads[int(c.lead[i])]
        found.append((who, int(c.time[i]), int(c.event[i]), int(c.outcome[i]), int(c.landing[i]), hits, tells))
    return found


LEADS = st.sampled_from(["ann", "bob", "zoë", "anon:7", "x" * 200, 'quo"te'])
NAMES = st.sampled_from(["page_view", "call", "lesson", "invoice", "converted", "scrolled"])


@st.composite
def native_lines(draw: st.DrawFn) -> bytes:
    """A native event, usual or not, or what is none."""
    kind = draw(st.sampled_from(["web", "crm", "product", "profile", "outcome", "web", "web"]))
    row: dict[str, Any] = {
        "id": f"e{draw(st.integers(0, 40))}",
        "lead": draw(LEADS),
        "time": format_time(logs.BEGIN + draw(st.integers(0, 40)) * HOUR),
        "type": kind,
    }
    if kind == "profile":
        row["fields"] = {"employees": draw(st.sampled_from([5, 2.5, "many"]))}
    else:
        row["name"] = draw(NAMES)
        row |= draw(st.sampled_from([{}, {"path": "/pricing"}, {"properties": {"minutes": 3.5}}, {"path": 7}]))
    line = json.dumps(row, ensure_ascii=draw(st.booleans())).encode()
    spoilt = draw(st.integers(0, 9))
    if spoilt == 0:
        return line[: draw(st.integers(0, len(line)))]
    return {1: b"  " + line + b"\t\r", 2: b"", 3: b"\xff{}", 4: b'{"id": 1}'}.get(spoilt, line)


@given(st.lists(native_lines(), min_size=1, max_size=40), st.sampled_from([64, 300, 1 << 22]))
@settings(max_examples=150)
def test_a_log_says_what_its_lines_say_one_by_one(lines: list[bytes], size: int) -> None:
    good = json.dumps(logs.events(logs.World(leads=1))[0]).encode()
    lines = [each.replace(b"\n", b" ") for each in lines] + [good] * (len(lines) + 1)
    wanted, refused, silent = decoded(lines, "native")
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        path = Path(folder) / "log.jsonl"
        path.write_bytes(b"\n".join(lines))
        log = read_log([path], "native", SETTINGS)
        packed = Path(folder) / "log.gz"
        packed.write_bytes(gzip.compress(b"\n".join(lines)))
        assert read(read_log([packed], "native", SETTINGS)) == read(log)
    assert read(log) == wanted
    assert log.unreadable == dict(refused)
    assert log.silent == silent
    assert log.lines == sum(bool(line.strip()) for line in lines)


def test_more_kinds_than_the_table_holds_are_read_all_the_same(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": f"e{i}", "lead": f"l{i % 50}", "time": format_time(logs.BEGIN + i), "type": "web", "name": "page_view",
         "path": f"/pricing/{i % 36_000}"}
        for i in range(44_000)
    ]  # fmt: skip
    path = logs.write(tmp_path / "log.jsonl", rows)
    wanted, _, _ = decoded(path.read_bytes().splitlines(), "native")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", 1 << 20)
        assert read(read_log([path], "native", SETTINGS)) == wanted


def test_events_that_stand_after_a_later_one_are_counted_and_put_in_order(tmp_path: Path) -> None:
    rows = [row for row in logs.events(logs.World(leads=30)) if row["type"] != "outcome"]
    rows.sort(key=lambda row: str(row["time"]))
    shuffled = [rows[i] for i in np.random.default_rng(3).permutation(len(rows)).tolist()]
    first = read_log([logs.write(tmp_path / "a.jsonl", rows)], "native", SETTINGS)
    second = read_log([logs.write(tmp_path / "b.jsonl", shuffled)], "native", SETTINGS)
    latest, late = "", 0
    for row in shuffled:
        late += row["time"] < latest
        latest = max(latest, row["time"])
    assert (first.unordered, second.unordered) == (0, late)
    assert sorted(read(first)) == sorted(read(second))


def test_a_mixture_of_time_zones_is_one_time(tmp_path: Path) -> None:
    row = {"id": "a", "lead": "ann", "type": "web", "name": "page_view"}
    stamps = ["2026-03-01T12:00:00Z", "2026-03-01T14:00:00+02:00", "2026-03-01T04:00:00.000-08:00"]
    rows = [row | {"id": stamp, "time": stamp} for stamp in stamps]
    log = read_log([logs.write(tmp_path / "log.jsonl", rows)], "native", SETTINGS)
    assert len(set(log.columns.time.tolist())) == 1
    assert log.unordered == 0


def test_lives_are_gathered_while_reading(tmp_path: Path) -> None:
    begin = logs.BEGIN
    rows: list[dict[str, Any]] = [
        {"id": "1", "lead": "ann", "time": format_time(begin), "type": "profile", "fields": {"employees": 3}},
        {"id": "2", "lead": "ann", "time": format_time(begin + DAY), "type": "web", "name": "page_view"},
        {"id": "3", "lead": "ann", "time": format_time(begin + 3 * DAY), "type": "outcome", "name": "converted"},
        {"id": "4", "lead": "ann", "time": format_time(begin + 2 * DAY), "type": "outcome", "name": "converted"},
    ]
    lives = read_log([logs.write(tmp_path / "log.jsonl", rows)], "native", SETTINGS).lives
    assert (lives.first[0], lives.active[0], lives.outcome[0]) == (begin, begin + DAY, begin + 2 * DAY)
    assert lives.events.tolist() == [4]
