"""A peer at work: one process on one core, its log, and how far it has come."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException

from bench.engines import Group, Job

ROOT: Final = Path(__file__).resolve().parents[2]
BUILD: Final = ROOT / "build" / "peers"
PYTHON: Final = Path(__file__).with_name("python")

_STOP_S: Final = 20


class PeerError(RuntimeError):
    """The peer ended by itself; the message ends with what it said."""


class PeerProcess:
    """A peer that was started on a job. group: the consumer group that it commits its input offsets to."""

    def __init__(
        self, command: Sequence[str], job: Job, group: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = job.directory / "engine.log"
        # Both of util-linux: gone with its parent, and on its core before it begins.
        alone = ["setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", str(job.core)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*alone, *command],
                cwd=job.directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._group = Group(job.bootstrap, group, job.input, job.partitions)
        self._processed = 0

    def processes(self) -> Sequence[int]:
        """The one process."""
        return [self._process.pid]

    def processed(self) -> int:
        """Input records below the offsets that it has committed."""
        code = self._process.poll()
        if code is not None:
            said = self._log.read_text(errors="replace").splitlines()[-30:]
            raise PeerError(f"the engine ended with code {code}; its log ends:\n" + "\n".join(said))
        try:
            self._processed = self._group.processed()
        except KafkaException as error:
            # While the group is being made its coordinator may not be known yet.
            if not error.args[0].retriable():
                raise
        return self._processed

    def stop(self) -> None:
        """Asks it to end, and kills it where it does not."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._group.__exit__()


def environment_of(name: str) -> Path:
    """The Python of a peer's own virtual environment."""
    return BUILD / name / "bin" / "python"


def missing_environment(name: str) -> str | None:
    """What to do where the peer's environment was not made."""
    if environment_of(name).exists():
        return None
    return f"{environment_of(name).relative_to(ROOT)} is not there: `make bench-peers` makes it"
