"""`--engine spark`: the log read and the snapshots taken by the processes of a Spark, one machine's or a cluster's.

Events, not folded states, are brought together by lead: a snapshot lies in the middle of a life, and a state folded to
the end no longer tells it. Each file is read once, by one task; the driver holds what it holds on one machine too, the
leads' ids, their lives and the snapshots.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from py4j.protocol import Py4JError
from pyspark import RDD, SparkConf, SparkContext, StorageLevel
from pyspark.errors import PySparkException

from schemas.settings import Format, Settings
from stream.core.columns import Columns
from stream.core.lead import Ints
from training.events import Events, columns, joined, no_events
from training.kernels import compile_kernels
from training.lives import Lives, counting_mark
from training.log import EventLog, ReadLog, entered, refuse_unless_mostly_read
from training.refusal import TrainingRefused
from training.saying import Say, in_silence
from training.snapshots import Answer, Question
from training.spark.java import check_java
from training.spark.merge import merge_counts, merge_lives
from training.spark.part import answer_part, lives_of, numbered
from training.spark.pieces import Found, Summary, Task, read_file
from training.spark.watch import told

PART_BYTES: Final = 32 << 20
"""Bytes of log, as they lie on disk, for each part of the leads: a part is in memory at once."""
_PYTHON_ERROR: Final = re.compile(r"[\w.]+(Error|Exception|Refused): ")
"""The last line of a Python traceback."""

Shuffled: TypeAlias = "RDD[tuple[int, Found]]"


@contextmanager
def spark() -> Iterator[ReadLog]:
    """A reader of logs for as long as the block lasts, on the master that PYSPARK_SUBMIT_ARGS or spark-submit names;
    without either on this machine's cores. Raises TrainingRefused where Spark cannot start.
    """
    check_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setIfMissing("spark.master", "local[*]").setIfMissing("spark.app.name", "leadpulse train")
    conf = conf.setIfMissing("spark.ui.enabled", "false").setIfMissing("spark.log.level", "ERROR")
    conf = conf.setIfMissing("spark.ui.showConsoleProgress", "false")
    if str(conf.get("spark.master")).startswith("local"):  # a machine's own name may lead nowhere
        conf = conf.setIfMissing("spark.driver.host", "127.0.0.1")
    with _failures():
        context = SparkContext.getOrCreate(conf)
    try:
        yield _Reader(context)
    finally:
        context.stop()


class _Reader:
    """Reads logs as `read_log` does."""

    def __init__(self, context: SparkContext) -> None:
        self._context = context

    def __call__(
        self, paths: Sequence[Path], format: Format, settings: Settings, outcomes: Path | None = None,
        say: Say = in_silence,
    ) -> EventLog:  # fmt: skip
        """Raises TrainingRefused where a file cannot be read or most of the lines are no events."""
        compile_kernels(format, settings)
        counting = counting_mark(settings.target.counts is not None, outcomes is not None)
        size = sum(path.stat().st_size for path in paths if path.exists())
        parts = max(self._context.defaultParallelism, size // PART_BYTES + 1)
        tasks = [Task(file, path.absolute(), format, settings, parts) for file, path in enumerate(paths)]
        with _failures():
            found = self._context.parallelize(tasks, len(tasks)).flatMap(read_file).partitionBy(parts + 1, int)
            with told(self._context, say, "reading the event log on Spark"):
                last = self._context.runJob(found, lambda pairs: [each for _, each in pairs], [parts])
            summaries = sorted((each for each in last if isinstance(each, Summary)), key=lambda each: each.file)
            counts, latest = merge_counts(summaries)
            refuse_unless_mostly_read(counts, format)
            lives = found.mapPartitionsWithIndex(
                lambda p, pairs: [lives_of(p, _of(pairs), counting, latest)] if p < parts else []
            )
            with told(self._context, say, "gathering the leads' lives on Spark"):
                of_parts = sorted(_streamed(lives), key=lambda each: each.number)
        merged = merge_lives(of_parts)
        counts.unordered += sum(each.unordered for each in of_parts)
        digests = [digest for each in summaries for digest in each.files]
        by_lead = SparkParts(found, merged.numbers, say)
        return entered(merged.leads, merged.book, by_lead, counts, digests, settings, outcomes)


class SparkParts:
    """A log's events by lead, in the shuffle files of a Spark. numbers[p]: those of the leads of part p."""

    def __init__(self, found: Shuffled, numbers: list[Ints], say: Say) -> None:
        self._found = found
        self._numbers = numbers
        self._say = say

    @property
    def count(self) -> int:
        return len(self._numbers)

    def columns(self) -> Iterator[Columns]:
        for events in self._events():
            yield columns(events)

    def whole(self) -> Columns:
        return columns(joined([no_events(), *self._events()]))

    def answers(self, question: Question, lives: Lives) -> Iterator[Answer]:
        """Each task gets the lives of its part alone: what a broadcast holds is fetched where it is looked at."""
        context = self._found.context
        given = [context.broadcast((numbers, lives.of(numbers))) for numbers in self._numbers]

        def answered(p: int, pairs: Iterator[tuple[int, Found]]) -> Iterator[Answer]:
            if p < len(given):
                numbers, its_lives = given[p].value
                yield answer_part(_of(pairs), question, its_lives, numbers)

        try:
            with _failures(), told(context, self._say, "taking snapshots on Spark"):
                yield from _streamed(self._found.mapPartitionsWithIndex(answered))
        finally:
            for each in given:
                each.unpersist()

    def close(self) -> None:
        """Spark removes its files when it stops."""

    def _events(self) -> Iterator[Events]:
        numbers = self._numbers
        events = self._found.mapPartitionsWithIndex(
            lambda p, pairs: [numbered(_of(pairs), numbers[p])] if p < len(numbers) else []
        )
        with _failures():
            yield from _streamed(events)


def _of(pairs: Iterator[tuple[int, Found]]) -> Iterator[Found]:
    return (each for _, each in pairs)


def _streamed(results: "RDD[Any]") -> Iterator[Any]:
    """All results, computed in parallel, and brought here one part at a time: the driver's Java need not hold them."""
    results.persist(StorageLevel.DISK_ONLY)
    try:
        results.count()
        yield from results.toLocalIterator()
    finally:
        results.unpersist()


@contextmanager
def _failures() -> Iterator[None]:
    """Spark's own errors as one line."""
    try:
        yield
    except (Py4JError, PySparkException) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        cause = next((line for line in lines if _PYTHON_ERROR.match(line)), lines[min(1, len(lines) - 1)])
        raise TrainingRefused(
            f"Spark could not finish: {cause}; its log above says more, and `--engine local` needs no Spark"
        ) from None
