"""A leadpulse command in a process of its own, which never outlives this one."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from schemas.load import PREFIX

STOP_SECONDS: Final = 10.0
TAIL_LINES: Final = 12


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


class Child:
    """`leadpulse` with these arguments, from entering the `with` block to leaving it; its output goes to a log file."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self._name = name
        self._arguments = arguments
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # What the demo shows must not depend on settings of the shell it is started from.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "leadpulse.demo.leash", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops its children in order
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._running()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    @property
    def pid(self) -> int:
        return self._running().pid

    def ended(self) -> bool:
        """Whether it ended as it should. Raises DemoError where it failed."""
        code = self._running().poll()
        if code:
            raise self.failure(f"ended with status {code}")
        return code == 0

    def check_alive(self) -> None:
        """Raises DemoError if it has ended."""
        if self.ended():
            raise self.failure("ended early")

    def failure(self, what: str) -> DemoError:
        """An error that shows the end of the log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        tail = "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"
        return DemoError(
            f"the {self._name} {what}; the end of {self._log}:\n{tail}\n"
            "`leadpulse doctor` tells what is missing on this machine"
        )

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "entered by `with` first"
        return self._process
