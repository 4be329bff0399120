"""A real Apache Kafka broker in a container, through Docker's API.

Whatever speaks that API will do. The image is the project's own, `apache/kafka`. Ports are bound on the host that runs
the daemon; where tests cannot reach it under the name that the daemon's address has, TESTCONTAINERS_HOST_OVERRIDE
names it.
"""

from __future__ import annotations

import atexit
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from docker.errors import DockerException
from requests.exceptions import RequestException
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient, get_docker_host
from testcontainers.core.exceptions import ContainerConnectException, ContainerStartException

from .single_node import PROPERTIES, BrokerError, came_up, free_ports, kafka_version, new_cluster_id

_SOCKET: Final = "unix:///var/run/docker.sock"
_KNOCK_S: Final = 1.0
_CLIENTS_PORT: Final = 9092  # in the container

# Errors of Docker's client, of the connection below it, and of testcontainers' own waiting.
_FAILURES: Final = (
    DockerException,
    RequestException,
    OSError,
    ContainerConnectException,
    ContainerStartException,
)


def docker_answers() -> bool:
    """Whether there is a daemon, decided in seconds at most and without waiting where there is no socket."""
    address = get_docker_host() or _SOCKET
    # Docker's client leaves its socket open when nobody answers, which is an error in a test run.
    if not _somebody_listens(address):
        return False
    try:
        client = DockerClient(timeout=3).client
    except _FAILURES:
        return False
    try:
        return bool(client.ping())
    except _FAILURES:
        return False
    finally:
        client.close()


class DockerKafka:
    """One Kafka node in a container, for as long as the `with` block lasts.

    `settings` are broker properties that override those of every node. `stop` and `kill` keep the container and its
    data, `start` brings the same broker back on the same port; leaving the block removes the container.
    """

    def __init__(
        self, settings: Mapping[str, str] | None = None, *, heap: str = "512m", patience_s: float = 120
    ) -> None:
        self._settings = dict(settings or {})
        self._heap = heap
        self._patience_s = patience_s
        self._image = f"apache/kafka:{kafka_version()}"
        self._container: DockerContainer | None = None
        self._bootstrap = ""

    def __str__(self) -> str:
        return f"{self._image} in Docker"

    @property
    def bootstrap(self) -> str:
        """The value for `bootstrap.servers`; the same over restarts."""
        return self._bootstrap

    @property
    def log(self) -> str:
        """What the broker has written, over all its starts."""
        return bytes(self._wrapped().logs()).decode(errors="replace")

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
        """Start the broker, pulling the image and making the container the first time; return when it answers."""
        try:
            if self._container is None:
                self._container = self._new_container()
                self._container.start()
            elif self._is_running():
                raise BrokerError("the broker is already running")
            else:
                self._wrapped().start()
        except _FAILURES as failed:
            raise BrokerError(f"Docker could not start {self._image}: {failed}") from failed
        if not came_up(self._bootstrap, self._is_running, self._patience_s):
            what = f"did not answer at {self._bootstrap}" if self._is_running() else "ended by itself"
            raise BrokerError(f"{self} {what}; its log ends:\n" + "\n".join(self.log.splitlines()[-40:]))

    def stop(self, patience_s: int = 30) -> None:
        """Shut down in order (SIGTERM); the data stays. A broker that does not end in time is killed."""
        if self._is_running():
            self._wrapped().stop(timeout=patience_s)

    def kill(self) -> None:
        """End the broker without warning (SIGKILL); what it has written stays."""
        if self._is_running():
            self._wrapped().kill()
            self._wrapped().wait()

    def close(self) -> None:
        """Remove the container with its data; for good. May be called twice."""
        atexit.unregister(self.close)
        if self._container is not None:
            self._container.stop()
            self._container = None

    def _wrapped(self) -> Any:
        if self._container is None:
            raise BrokerError("the broker was never started, or is closed")
        return self._container.get_wrapped_container()

    def _is_running(self) -> bool:
        if self._container is None:
            return False
        container = self._wrapped()
        container.reload()
        return bool(container.status == "running")

    def _new_container(self) -> DockerContainer:
        container = DockerContainer(self._image)
        # By number where it is this machine: `localhost` is two addresses, and the port is bound on one.
        host = container.get_docker_client().host().replace("localhost", "127.0.0.1")
        (port,) = free_ports(1, "127.0.0.1")
        self._bootstrap = f"{host}:{port}"
        container.with_bind_ports(_CLIENTS_PORT, port)
        container.with_envs(CLUSTER_ID=new_cluster_id(), KAFKA_HEAP_OPTS=f"-Xmx{self._heap}")
        for name, value in self._properties().items():
            container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        return container

    def _properties(self) -> dict[str, str]:
        return {
            **PROPERTIES,
            "controller.quorum.voters": "1@127.0.0.1:9093",
            # The coordinator of transactions connects to its own node, from inside, by the advertised address.
            "listeners": f"CLIENTS://0.0.0.0:{_CLIENTS_PORT},INSIDE://127.0.0.1:9094,CONTROLLER://127.0.0.1:9093",
            "advertised.listeners": f"CLIENTS://{self._bootstrap},INSIDE://127.0.0.1:9094",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "INSIDE",
            "log.dirs": "/tmp/leadpulse-kafka",
            **self._settings,
        }


def _somebody_listens(address: str) -> bool:
    """Knocks at a unix or TCP address; of others, such as ssh's, only Docker's client can tell."""
    parts = urlsplit(address)
    family, target = (
        (socket.AF_UNIX, parts.path) if parts.scheme == "unix" else (socket.AF_INET, (parts.hostname, parts.port))
    )
    if parts.scheme not in ("unix", "tcp", "http", "https"):
        return True
    with socket.socket(family) as probe:
        probe.settimeout(_KNOCK_S)
        try:
            probe.connect(target)
        except OSError:
            return False
    return True
