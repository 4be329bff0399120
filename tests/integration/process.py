"""The worker as users run it: a process of its own, watched through its pages."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import yaml
from prometheus_client.parser import text_string_to_metric_families

from stream.runtime.partition_row import PartitionRow
from tests.integration.deployment import Deployment
from tests.integration.topics import Ends, Reader, partition_rows

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 240.0
STOP_SECONDS: Final = 90.0


class WorkerProcess:
    """`leadpulse worker` of a deployment, started by hand. Leaving the `with` block ends it, however it goes."""

    def __init__(self, deployment: Deployment, name: str = "worker-0") -> None:
        self._deployment = deployment
        self._name = name
        self._config = deployment.config(name)
        self._url = f"http://127.0.0.1:{yaml.safe_load(self._config.read_text())['web']['port']}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """What it writes, over all its starts."""
        return self._deployment.directory / f"{self._name}.log"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()

    @property
    def pid(self) -> int | None:
        """The process, or None while there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def started(self) -> bool:
        """Whether it was started and neither killed nor stopped since; it may have ended by itself."""
        return self._process is not None

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts the process; it may take a while to be ready. environment: variables beside those of this process."""
        assert self._process is None
        command = [sys.executable, "-m", "leadpulse.main", "worker", "--config", str(self._config)]
        own = {name: value for name, value in os.environ.items() if not name.startswith("LEADPULSE__")}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=own | dict(environment or {}), cwd=ROOT
            )

    def start_ready(self) -> None:
        """Starts the process and waits until it scores."""
        self.start()
        self.wait_ready()

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> float:
        """SIGTERM; it must end by itself and without complaint. Returns how long that took, in seconds."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        assert code == 0, f"the worker ended with {code}:\n{self.tail()}"
        return time.monotonic() - began

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal and waits for nothing."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait_ended(self, seconds: float = STOP_SECONDS) -> int:
        """Waits until the process ends by itself; its exit code."""
        assert self._process is not None
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker has not ended within {seconds:g} s:\n{self.tail()}") from None
        self._process = None
        return code

    def lose_disk(self, *, running: bool = False) -> None:
        """Deletes the state directory of the worker; running: while it uses it."""
        assert running == (self._process is not None)
        shutil.rmtree(self._deployment.state(self._name))

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Until /readyz says so."""
        self.wait_for(lambda: self.get("/readyz")[0] == 200, seconds, "ready")

    def wait_until_scored(self, ends: Ends, seconds: float = 60.0) -> None:
        """Until the changelog says that every input record up to these ends has been taken and committed."""
        reader = Reader(self._deployment.broker, self._deployment.names.changelog)
        rows: dict[int, PartitionRow] = {}

        def done() -> bool:
            rows.update(partition_rows(reader.read()))
            return all(
                partition in rows and rows[partition].positions.get(topic, 0) >= end
                for (topic, partition), end in ends.items()
            )

        try:
            self.wait_for(done, seconds, "done with its input")
        finally:
            reader.close()

    def wait_for(self, holds: Callable[[], object], seconds: float, what: str) -> None:
        """Until it holds; the process must live on meanwhile."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert self._process is not None
            code = self._process.poll()
            assert code is None, f"the worker ended with {code}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"not {what} within {seconds:g} s:\n{self.tail()}"
            time.sleep(0.05)

    def missing(self) -> list[str]:
        """What /readyz says is missing; nothing while the web server is not up."""
        body = self.get("/readyz")[1]
        found: list[str] = json.loads(body)["missing"] if body else []
        return found

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 where nothing listens."""
        try:
            with urllib.request.urlopen(self._url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; 0 where there is none yet."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def tail(self, lines: int = 40) -> str:
        """The end of what it has written."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])
