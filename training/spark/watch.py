"""How far Spark is: its tasks done and to be done, told while a job runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pyspark import SparkContext

from training.saying import Say

SECONDS: Final = 1.0
"""Between two looks."""


@contextmanager
def told(context: SparkContext, say: Say, text: str) -> Iterator[None]:
    """Tells the stage, and the share of its tasks that are done, for as long as the block lasts."""
    say(text)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(context, say, text, over), name="leadpulse-spark", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(context: SparkContext, say: Say, text: str, over: threading.Event) -> None:
    tracker = context.statusTracker()
    while not over.wait(SECONDS):
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        running = [stage for stage in stages if stage is not None and stage.numTasks > 0]
        if running:
            done, tasks = (sum(getattr(each, name) for each in running) for name in ("numCompletedTasks", "numTasks"))
            say(f"{text}: {done} of {tasks} tasks", done / tasks)
