"""What a long job tells: a bar where somebody watches, log lines where not."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from training.saying import Say

LINE_EVERY: Final = 0.1
"""Log lines within a stage are this share of it apart."""

log = logging.getLogger(__name__)


@contextmanager
def watching() -> Iterator[Say]:
    """For as long as the `with` block lasts."""
    console = Console(stderr=True)
    if not console.is_terminal:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        yield _Lines()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def say(text: str, share: float | None = None) -> None:
            progress.update(task, description=text, total=None if share is None else 1.0, completed=share or 0.0)

        yield say


class _Lines:
    """A line for each stage, and now and then within one."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, text: str, share: float | None = None) -> None:
        if share is None:
            self._told = 0.0
            log.info("%s", text)
        elif share >= min(self._told + LINE_EVERY, 1.0) or share < self._told:
            self._told = share
            log.info("%s (%.0f%%)", text, 100 * share)
