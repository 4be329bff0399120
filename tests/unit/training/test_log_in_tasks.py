"""A log that is read file by file and answered part by part, as Spark does it, is the log that one machine reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from schemas.settings import Settings
from schemas.times import DAY
from stream.core.columns import Columns
from stream.core.plan import build_plan
from tests.training import logs
from training import blocks
from training.events import columns
from training.lives import counting_mark
from training.log import EventLog, entered, read_log
from training.refusal import TrainingRefused
from training.snapshots import Question, Snapshots
from training.spark import pieces
from training.spark.merge import merge_counts, merge_lives
from training.spark.part import answer_part, lives_of, numbered
from training.spark.pieces import Found, Summary, Task, read_file
from training.taking import LeftOut, take_snapshots

SETTINGS: Final = logs.settings()
PLAN: Final = build_plan(SETTINGS)
PARTS: Final = 5


class Shuffled:
    """What the tasks found, in an order of chance, as a shuffle brings it."""

    def __init__(self, paths: Sequence[Path], settings: Settings, seed: int) -> None:
        self._found: list[list[Found]] = [[] for _ in range(PARTS + 1)]
        tasks = [Task(file, path, "native", settings, PARTS) for file, path in enumerate(paths)]
        random = np.random.default_rng(seed)
        sent = [pair for task in tasks for pair in read_file(task)]
        for place in random.permutation(len(sent)).tolist():
            part, found = sent[place]
            self._found[part].append(found)
        self.numbers: list[Any] = []

    @property
    def count(self) -> int:
        return PARTS

    def log(self, settings: Settings, outcomes: Path | None) -> EventLog:
        summaries = sorted((each for each in self._found[PARTS] if isinstance(each, Summary)), key=lambda s: s.file)
        counts, latest = merge_counts(summaries)
        counting = counting_mark(settings.target.counts is not None, outcomes is not None)
        lives = [lives_of(part, self._found[part], counting, latest) for part in range(PARTS)]
        merged = merge_lives(lives)
        self.numbers = merged.numbers
        counts.unordered += sum(each.unordered for each in lives)
        digests = [digest for each in summaries for digest in each.files]
        return entered(merged.leads, merged.book, self, counts, digests, settings, outcomes)

    def answers(self, question: Question, lives: Any) -> Any:
        for part, numbers in enumerate(self.numbers):
            yield answer_part(self._found[part], question, lives.of(numbers), numbers)

    def columns(self) -> Any:
        return (columns(numbered(self._found[part], numbers)) for part, numbers in enumerate(self.numbers))

    def whole(self) -> Columns:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three files with what logs have: events late, repeated within and between files, silent, and no events at all."""
    monkeypatch.setattr(blocks, "SIZE", 1 << 14)
    monkeypatch.setattr(pieces, "EVENTS", 500)
    rows = logs.events(logs.World(leads=300))
    silent = [row | {"name": "scrolled", "id": f"s{n}"} for n, row in enumerate(rows[::11]) if row["type"] == "web"]
    parts = [rows[:700] + silent, rows[500:1100] + rows[:60], [*rows[1100:], *rows[::13], {"id": "broken"}, {}]]
    return [
        logs.write(tmp_path / f"{number}.jsonl{'.gz' if number else ''}", part) for number, part in enumerate(parts)
    ]


def same(one: EventLog, other: EventLog) -> None:
    for name in ("leads", "begin", "end", "known", "lines", "silent", "unordered", "unreadable", "files", "listed"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("first", "active", "outcome", "ended", "events", "value"):
        assert getattr(one.lives, name).tobytes() == getattr(other.lives, name).tobytes(), name


def same_snapshots(one: tuple[Snapshots, LeftOut], other: tuple[Snapshots, LeftOut]) -> None:
    assert one[1] == other[1]
    for name in ("lead", "day", "first", "time", "label", "features"):
        assert getattr(one[0], name).tobytes() == getattr(other[0], name).tobytes(), name


@pytest.mark.parametrize("seed", [0, 1])
def test_whatever_the_order_of_pieces_the_log_and_its_snapshots_are_those_of_one_machine(
    files: list[Path], seed: int
) -> None:
    one = read_log(files, "native", SETTINGS)
    other = Shuffled(files, SETTINGS, seed).log(SETTINGS, None)
    assert one.unordered > 0
    assert one.silent > 0
    assert one.unreadable == {"invalid": 2}
    same(one, other)
    found = take_snapshots(one, PLAN, SETTINGS.target.moments, 10 * DAY)
    assert len(found[0]) > 500
    assert found[1].repeated > 50
    same_snapshots(found, take_snapshots(other, PLAN, SETTINGS.target.moments, 10 * DAY))


def test_the_order_of_files_numbers_the_leads_and_counts_what_is_unordered(files: list[Path]) -> None:
    backwards = files[::-1]
    one = read_log(backwards, "native", SETTINGS)
    assert one.leads != read_log(files, "native", SETTINGS).leads
    same(one, Shuffled(backwards, SETTINGS, 3).log(SETTINGS, None))


def test_a_list_of_outcomes_is_entered_the_same_way(files: list[Path], tmp_path: Path) -> None:
    deals = tmp_path / "deals.csv"
    rows = [f"lead-{n:05d},2026-0{2 + n % 4}-11T00:00:00Z,won,{n}" for n in range(0, 300, 7)]
    deals.write_text("\n".join(["lead,time,outcome,value", *rows, "nobody,2026-07-01T00:00:00Z,won,1"]), "utf-8")
    settings = logs.settings(target={"names": ["won"], "ending_names": ["lost"]})
    one, other = read_log(files, "native", settings, deals), Shuffled(files, settings, 4).log(settings, deals)
    assert one.listed is not None
    assert one.listed.counting == len(rows) + 1
    same(one, other)
    moments = settings.target.moments
    same_snapshots(take_snapshots(one, PLAN, moments, 10 * DAY), take_snapshots(other, PLAN, moments, 10 * DAY))


def test_outcomes_of_the_targets_own_that_no_feature_sees_make_leads_too(files: list[Path]) -> None:
    settings = logs.settings(target={"counts": {"channel": "web", "match": [{"name": "scrolled"}]}})
    one, other = read_log(files, "native", settings), Shuffled(files, settings, 5).log(settings, None)
    assert np.isfinite(one.lives.value).sum() == 0
    same(one, other)


def test_events_by_part_are_those_of_one_machine(files: list[Path]) -> None:
    one, other = read_log(files, "native", SETTINGS), Shuffled(files, SETTINGS, 6).log(SETTINGS, None)
    parts = list(other.by_part())
    assert len(parts) == PARTS
    whole = one.columns
    for part in parts:
        its = np.isin(whole.lead, part.lead)
        for name in ("lead", "time", "event", "outcome", "landing"):
            assert np.array_equal(getattr(whole, name)[its], getattr(part, name)), name
    assert sum(len(part.lead) for part in parts) == len(whole.lead)


def test_the_first_file_that_cannot_be_read_is_the_one_that_is_named(files: list[Path], tmp_path: Path) -> None:
    missing = [files[0], tmp_path / "gone.jsonl", tmp_path / "gone too.jsonl"]
    with pytest.raises(TrainingRefused) as alone:
        read_log(missing, "native", SETTINGS)
    with pytest.raises(TrainingRefused) as shared:
        Shuffled(missing, SETTINGS, 7).log(SETTINGS, None)
    assert str(shared.value) == str(alone.value)


def test_a_part_without_leads_answers_with_nothing(files: list[Path]) -> None:
    log = read_log(files, "native", SETTINGS)
    question = Question(PLAN, SETTINGS.target.moments, 10 * DAY, log.known, log.end)
    nobody = log.lives.of(np.zeros(0, np.int64))
    found, left = answer_part([], question, nobody, np.zeros(0, np.int64))
    assert len(found) == 0
    assert found.features.shape == (0, len(SETTINGS.features))
    assert left.tolist() == [0] * 5
