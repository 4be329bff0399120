"""A real Apache Kafka broker, started from its jars on the Java of this machine.

It is the broker that the guarantees are tested against where neither an own cluster nor Docker is at hand. It can be
killed and started again on the same port with the same data, which is what the fault tests need.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from .single_node import POM, PROPERTIES, BrokerError, came_up, free_ports, kafka_version, new_cluster_id

_CACHE = Path(__file__).resolve().parents[2] / "build" / "kafka"
_HOST = "127.0.0.1"

_LOGGING = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def jars_are_cached() -> bool:
    """Whether the broker can be started without Maven."""
    try:
        return (_CACHE / kafka_version() / POM.name).read_bytes() == POM.read_bytes()
    except FileNotFoundError:
        return False


def fetch_jars() -> Path:
    """The directory with the broker's jars, filled by Maven when pom.xml has changed or nothing is there yet."""
    home = _CACHE / kafka_version()
    with _only_one_process(_CACHE / ".lock"):
        if not jars_are_cached():
            shutil.rmtree(home, ignore_errors=True)
            command = ["mvn", "--batch-mode", "--quiet", "--file", str(POM), "dependency:copy-dependencies"]
            command += [f"-Dkafka.version={kafka_version()}", f"-DoutputDirectory={home / 'libs'}"]
            command += ["-DincludeScope=runtime"]
            _run(command, "Maven could not fetch Kafka's jars")
            # Last, so that an interrupted download is never taken for a complete one.
            shutil.copyfile(POM, home / POM.name)
    return home / "libs"


class LocalKafka:
    """One Kafka node, broker and controller in one process, for as long as the `with` block lasts.

    `settings` are broker properties that override those below. `stop` and `kill` keep the data, `start` brings the
    same broker back on the same port; leaving the block ends the process and deletes the data.
    """

    def __init__(
        self, settings: Mapping[str, str] | None = None, *, heap: str = "512m", patience_s: float = 240
    ) -> None:
        self._settings = dict(settings or {})
        self._heap = heap
        self._patience_s = patience_s
        self._port, self._controller_port = free_ports(2, _HOST)
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __str__(self) -> str:
        return f"Kafka {kafka_version()} on this machine's Java"

    @property
    def bootstrap(self) -> str:
        """The value for `bootstrap.servers`; the same over restarts."""
        return f"{_HOST}:{self._port}"

    @property
    def log_file(self) -> Path:
        """What the broker writes, over all its starts."""
        return self._directory() / "broker.log"

    @property
    def pid(self) -> int | None:
        """The broker's process, or None while it is down."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def __enter__(self) -> Self:
        atexit.register(self.close)  # for a fixture that is never unwound
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the broker, formatting its storage the first time, and return when it answers."""
        if self.pid is not None:
            raise BrokerError("the broker is already running")
        self._forget()  # one that ended by itself
        jars = fetch_jars()
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="leadpulse-kafka-"))
            self._format(jars)
        with self.log_file.open("ab") as log:
            said_before = log.tell()
            self._process = subprocess.Popen(
                # The serial collector: the quickest start and the fewest threads on a small machine. All of the heap at
                # once: a small one is collected all the time, which stops the broker.
                [
                    *self._java(jars),
                    f"-Xms{self._heap}",
                    f"-Xmx{self._heap}",
                    "-XX:+UseSerialGC",
                    "kafka.Kafka",
                    str(self._config_file()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal is for the tests; they end the broker when they have finished with it.
                start_new_session=True,
            )
        self._watchdog = _clean_up_after_us(self._process.pid, self._home)
        self._wait_until_ready(said_before)

    def stop(self, patience_s: float = 30) -> None:
        """Shut down in order (SIGTERM); the data stays. A broker that does not end in time is killed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._forget()

    def kill(self) -> None:
        """End the broker without warning (SIGKILL); what it has written stays."""
        if self._process is None:
            return
        self._process.kill()
        self._forget()

    def close(self) -> None:
        """End the process and delete the data; for good. May be called twice."""
        atexit.unregister(self.close)
        self.kill()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def _forget(self) -> None:
        """Reap the process that has ended or was killed."""
        if self._watchdog is not None:
            # First, so that it can never meet a later process with the broker's id.
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _directory(self) -> Path:
        if self._home is None:
            raise BrokerError("the broker was never started, or is closed")
        return self._home

    def _config_file(self) -> Path:
        return self._directory() / "server.properties"

    def _java(self, jars: Path) -> list[str]:
        logging = self._directory() / "log4j2.properties"
        return ["java", f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}{os.sep}*"]

    def _format(self, jars: Path) -> None:
        properties = self._properties()
        self._config_file().write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        (self._directory() / "log4j2.properties").write_text(_LOGGING)
        # Compiling for speed costs a process that lives two seconds more than it gains.
        command = [*self._java(jars), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "kafka.tools.StorageTool"]
        command += ["format", f"--cluster-id={new_cluster_id()}", "--config", str(self._config_file())]
        _run(command, "Kafka's storage could not be formatted")

    def _properties(self) -> dict[str, str]:
        return {
            **PROPERTIES,
            "controller.quorum.voters": f"1@{_HOST}:{self._controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{_HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self._directory() / "data"),
            **self._settings,
        }

    def _wait_until_ready(self, said_before: int) -> None:
        if came_up(self.bootstrap, lambda: self.pid is not None, self._patience_s):
            return
        ended = self._process.poll() if self._process is not None else None
        what = f"ended with code {ended}" if ended is not None else f"did not answer within {self._patience_s:g} s"
        self.kill()
        raise BrokerError(f"{self} {what}; its log ends:\n{_tail(self.log_file, said_before)}")


def _clean_up_after_us(pid: int, home: Path) -> subprocess.Popen[bytes]:
    """A process that ends the broker and deletes its data once this process is gone, however it went.

    Nothing is ever written to its pipe: `read` returns when the other end, which is ours, closes.
    """
    return subprocess.Popen(
        ["sh", "-c", 'read -r _; kill -9 "$1"; sleep 1; rm -rf -- "$2"', "sh", str(pid), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _tail(log: Path, start: int = 0, lines: int = 40) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def _run(command: list[str], complaint: str) -> None:
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except FileNotFoundError as missing:
        raise BrokerError(f"{complaint}: {command[0]} is not on the PATH") from missing
    if done.returncode != 0:
        said = "\n".join(done.stdout.decode(errors="replace").splitlines()[-40:])
        raise BrokerError(f"{complaint} (code {done.returncode}):\n{said}")


@contextmanager
def _only_one_process(lock: Path) -> Iterator[None]:
    """Parallel test runs share the cache of jars."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
