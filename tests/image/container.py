"""The worker as it runs in a cluster: a container without rights, with a read-only root, ended by SIGTERM."""

import os
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.integration.deployment import Deployment
from tests.integration.process import WorkerProcess

_OPTIONS: Final = (
    "--rm", "--network=host", "--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--memory=1536m",
)  # fmt: skip
# The image's own: 10001 has no entry on this machine, and whatever it may write was opened to it.
USER: Final = "10001:10001"


def run_options(directory: Path) -> list[str]:
    """Of every container: what the chart's pods may do, and one directory of the host."""
    return [*_OPTIONS, f"--user={USER}", "--tmpfs=/tmp:rw,size=64m,mode=1777", f"--volume={directory}:{directory}"]


class ContainerWorker(WorkerProcess):
    """`leadpulse worker` of an image. The engine's client hands signals on, and ends with the container's code."""

    def __init__(self, deployment: Deployment, engine: str, image: str) -> None:
        super().__init__(deployment)
        self._engine = engine
        self._image = image
        self._container = ""
        deployment.state(self._name).mkdir()
        for path in (deployment.directory, deployment.state(self._name)):
            path.chmod(0o777)

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts the container; it may take a while to be ready."""
        assert self._process is None
        self._container = f"leadpulse-{uuid.uuid4().hex[:8]}"
        given = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        command = [self._engine, "run", f"--name={self._container}", *given, *run_options(self._deployment.directory)]
        command += [self._image, "worker", "--config", str(self._config)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ)

    def kill(self) -> None:
        """SIGKILL to the worker, which is process 1 of its container."""
        assert self._process is not None
        subprocess.run(
            [self._engine, "kill", f"--signal={signal.SIGKILL.name}", self._container], capture_output=True, check=False
        )
        self._process.wait()
        self._process = None
