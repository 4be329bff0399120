"""Quix Streams, exactly-once."""

from bench.engines import Job, Running
from bench.peers.process import PYTHON, PeerProcess, environment_of, missing_environment


class Quix:
    """Quix Streams with its state in RocksDB."""

    name = "quix"
    version = "quixstreams 3.28.1"
    guarantee = "exactly_once"

    def missing(self) -> str | None:
        """Why it cannot run here."""
        return missing_environment("quix")

    def start(self, job: Job) -> Running:
        """Starts an application."""
        command = [str(environment_of("quix")), str(PYTHON / "on_quix.py"), job.bootstrap, job.input, job.output]
        command += [str(job.model), str(job.job), str(job.directory), job.name]
        return PeerProcess(command, job, group=job.name)
