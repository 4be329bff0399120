"""What the bench is doing, on standard error: one line at a time that moves on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Final

_EVERY: Final = 0.5
_EVERY_ELSEWHERE: Final = 15.0


class Progress:
    """Steps and a moving count."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._step = ""
        self._told = 0.0
        self._terminal = sys.stderr.isatty()

    def step(self, what: str) -> None:
        """A new step begins."""
        self._step = what
        self._told = time.monotonic()
        self._write(f"{what} ...", lasting=not self._terminal)

    def count(self, done: int, of: int) -> None:
        """How far the step is."""
        now = time.monotonic()
        if now - self._told < (_EVERY if self._terminal else _EVERY_ELSEWHERE):
            return
        self._told = now
        self._write(f"{self._step}: {done:,} of {of:,}", lasting=not self._terminal)

    def result(self, what: str) -> None:
        """What a step found."""
        self._write(what, lasting=True)

    def _write(self, text: str, *, lasting: bool) -> None:
        clear = "\r\033[K" if self._terminal else ""
        sys.stderr.write(f"{clear}[{time.monotonic() - self._began:5.0f} s] {text}" + ("\n" if lasting else ""))
        sys.stderr.flush()
