"""Stock Faust: its own consumer and producer, its tables on RocksDB."""

from bench.engines import Job, Running
from bench.peers.process import PYTHON, PeerProcess, environment_of, missing_environment


class Faust:
    """faust-streaming with the extras that its documentation recommends for speed.

    It ships with at_least_once, and has exactly_once as a setting.
    """

    version = "faust-streaming 0.15.3"

    def __init__(self, name: str, guarantee: str) -> None:
        self.name = name
        self.guarantee = guarantee

    def missing(self) -> str | None:
        """Why it cannot run here."""
        return missing_environment("faust")

    def start(self, job: Job) -> Running:
        """Starts a worker."""
        command = [str(environment_of("faust")), str(PYTHON / "on_faust.py"), job.bootstrap, job.input, job.output]
        command += [str(job.model), str(job.job), str(job.directory), job.name, str(job.partitions), self.guarantee]
        return PeerProcess(command, job, group=job.name)
