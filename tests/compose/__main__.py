"""`make compose`: docker-compose.yml up, scores moving, the trained model taken over, Prometheus content, and down.

Kafka, topics, worker, simulator and trainer run in containers, as the file says. Prometheus is this machine's own
program with the file's configuration and rules. Grafana is not run: its dashboard's queries are asked of Prometheus.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.brokers.single_node import free_ports
from tests.compose.prometheus import Prometheus, dashboard_queries

SERVICES: Final = ("kafka", "topics", "worker", "simulator", "trainer")
PROJECT: Final = "leadpulse-check"
READY_SECONDS: Final = 240.0
TRAINED_SECONDS: Final = 900.0
GRACE_SECONDS: Final = 60.0


class Site:
    """The containers of one run, on ports of their own."""

    def __init__(self, engine: str, compose: str) -> None:
        kafka, worker = free_ports(2, "127.0.0.1")
        self._engine = engine
        self._compose = [*shlex.split(compose), "--project-name", PROJECT]
        self._environment = os.environ | {"KAFKA_PORT": str(kafka), "WORKER_PORT": str(worker)}
        self.worker = f"127.0.0.1:{worker}"

    def compose(self, *command: str) -> None:
        """Runs the compose program; raises CalledProcessError where it fails."""
        subprocess.run([*self._compose, *command], env=self._environment, check=True)

    def container(self, service: str) -> str:
        """The id of a service's container."""
        labels = ("com.docker.compose.project", "com.docker.compose.service")
        filters = [f"--filter=label={name}={value}" for name, value in zip(labels, (PROJECT, service), strict=True)]
        return self._said("ps", "--all", "--quiet", *filters).strip()

    def state(self, service: str) -> tuple[str, int]:
        """Status and exit code of a service's container."""
        found = json.loads(self._said("inspect", self.container(service)))[0]["State"]
        return found["Status"], found["ExitCode"]

    def logs(self, service: str) -> str:
        """The end of what a service has written."""
        found = subprocess.run(
            [self._engine, "logs", "--tail=30", self.container(service)], capture_output=True, text=True, check=False
        )
        return found.stdout + found.stderr

    def stop(self, service: str) -> float:
        """SIGTERM, and as much time as the file gives; returns how long it took, in seconds."""
        began = time.monotonic()
        self._said("stop", f"--time={GRACE_SECONDS:.0f}", self.container(service))
        return time.monotonic() - began

    def ready(self) -> bool:
        """What /readyz of the worker says."""
        return self._get("/readyz") is not None

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; 0 where there is none."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self._get("/metrics") or "")
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{self.worker}{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return None

    def _said(self, *command: str) -> str:
        return subprocess.run([self._engine, *command], check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> int:
    """0 when everything holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="podman", help="podman or docker (default: %(default)s)")
    parser.add_argument("--compose", default="podman-compose", help="the compose program (default: %(default)s)")
    given = parser.parse_args(arguments)
    directory = Path("build/compose").absolute()
    directory.mkdir(parents=True, exist_ok=True)
    site = Site(given.engine, given.compose)
    (port,) = free_ports(1, "127.0.0.1")
    site.compose("down", "--volumes")
    try:
        site.compose("up", "--detach", *SERVICES)
        with Prometheus(directory, site.worker, port) as prometheus:
            _watch(site, prometheus)
        seconds = site.stop("worker")
        assert site.state("worker")[1] == 0, f"the worker ended with {site.state('worker')[1]}:\n{site.logs('worker')}"
        assert seconds < GRACE_SECONDS
        _tell(f"SIGTERM: the worker ended with 0 after {seconds:.1f} s")
    finally:
        site.compose("down", "--volumes")
    _tell("the compose file holds")
    return 0


def _watch(site: Site, prometheus: Prometheus) -> None:
    began = time.monotonic()
    _wait(site.ready, READY_SECONDS, "the worker is ready", site, "worker")
    _tell(f"ready {time.monotonic() - began:.0f} s after `up`")
    changes = site.metric("leadpulse_outputs_total", kind="change")
    _wait(
        lambda: site.metric("leadpulse_outputs_total", kind="change") > changes + 100,
        120,
        "scores move",
        site,
        "worker",
    )
    _tell("scores move")
    _wait(lambda: site.state("trainer")[0] == "exited", TRAINED_SECONDS, "the trainer ends", site, "trainer")
    assert site.state("trainer")[1] == 0, f"the trainer failed:\n{site.logs('trainer')}"
    _wait(lambda: site.metric("leadpulse_model_swaps_total") == 1, 60, "the worker takes the model", site, "worker")
    _tell("the trained model is in force, taken over as the worker ran")
    _wait(lambda: bool(prometheus.query("up == 1")), 60, "Prometheus reads the worker", site, "worker")
    unwell = [rule["name"] for rule in prometheus.rules() if rule["health"] == "err"]
    assert prometheus.rules(), "Prometheus has no rules"
    assert not unwell, f"rules that fail: {unwell}"
    for query in dashboard_queries():
        prometheus.query(query)  # an unknown function or a slip of the pen is an error
    _tell(f"Prometheus: {len(prometheus.rules())} rules, {len(dashboard_queries())} queries of the dashboard")
    names = {each["metric"]["alertname"] for each in prometheus.query('ALERTS{alertstate="firing"}')}
    _tell(f"alerts that fire: {', '.join(sorted(names)) or 'none'}")


def _wait(holds: Callable[[], bool], seconds: float, what: str, site: Site, service: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}\n{site.logs(service)}"
        time.sleep(1)


def _tell(line: str) -> None:
    print(f"compose: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
