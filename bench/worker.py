"""A Leadpulse worker under measurement: the command as users run it, alone on the engine's core."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from prometheus_client.parser import text_string_to_metric_families

from bench.cores import ENGINE, pin
from bench.engines import Group
from bench.site import Site
from schemas.load import PREFIX

AS_IN_THE_IMAGE: Final = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
READY_SECONDS: Final = 180.0
STOP_SECONDS: Final = 60.0
_TAIL_LINES: Final = 25


class Started(NamedTuple):
    """How long a start took until the worker was ready, and how long of that it restored; in seconds."""

    seconds: float
    restoring: float


class EngineFailed(Exception):
    """The engine under measurement ended or got stuck; the message ends with its log."""


class Worker:
    """One worker of a site, from entering the `with` block to leaving it. sections: see Site.config."""

    def __init__(self, site: Site, **sections: Any) -> None:
        self.site = site
        self._config, self._port = site.config(**sections)
        self._process: subprocess.Popen[bytes] | None = None
        self._group: Group | None = None

    def __enter__(self) -> Self:
        # The leash ends the worker with this process, however that ends.
        command = [sys.executable, "-m", "leadpulse.demo.leash", "worker", "--config", str(self._config)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment |= AS_IN_THE_IMAGE
        with self.site.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        pin(self._process.pid, ENGINE)
        self._group = Group(self.site.bootstrap, self.site.name, self.site.input, self.site.partitions)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._group is not None:
            self._group.close()

    def processes(self) -> Sequence[int]:
        """Its process."""
        assert self._process is not None, "entered by `with` first"
        return [self._process.pid]

    def processed(self) -> int:
        """Input records below the committed offsets."""
        self._check()
        assert self._group is not None
        return self._group.processed()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that does not end it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process = None

    def lose_disk(self) -> None:
        """Deletes the state directory of the worker, which must not run."""
        assert self._process is None
        shutil.rmtree(self.site.state)

    def wait_ready(self) -> Started:
        """Until /readyz says so; how long that took and how much of it was restoring."""
        began = time.monotonic()
        restoring: float | None = None

        def ready() -> bool:
            nonlocal restoring
            status, body = self.get("/readyz")
            if restoring is None and any(each.startswith("state:") for each in _missing(body)):
                restoring = time.monotonic()
            return status == 200

        self.wait_for(ready, READY_SECONDS, "ready", every=0.02)
        ended = time.monotonic()
        return Started(ended - began, 0.0 if restoring is None else ended - restoring)

    def wait_for(self, holds: Callable[[], bool], seconds: float, what: str, every: float = 0.1) -> None:
        """Until it holds. Raises EngineFailed."""
        deadline = time.monotonic() + seconds
        while not holds():
            self._check()
            if time.monotonic() > deadline:
                raise EngineFailed(f"the worker was not {what} within {seconds:g} s; its log ends:\n{self._tail()}")
            time.sleep(every)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """Samples by name, with the values of their labels behind it: `leadpulse_outputs_total change`."""
        return {
            " ".join([sample.name, *sample.labels.values()]): sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
        }

    def _check(self) -> None:
        assert self._process is not None
        if (code := self._process.poll()) is not None:
            raise EngineFailed(f"the worker ended with {code}; its log ends:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self.site.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


def _missing(body: str) -> list[str]:
    try:
        found: list[str] = json.loads(body)["missing"]
    except (ValueError, KeyError):
        return []
    return found
