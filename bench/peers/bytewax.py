"""Bytewax, which keeps its place and its state in a recovery store of its own."""

import subprocess

from bench.engines import Job, Running
from bench.peers.process import PYTHON, PeerProcess, environment_of, missing_environment


class Bytewax:
    """Bytewax with its Kafka connectors and a recovery store of one partition."""

    name = "bytewax"
    version = "bytewax 0.21.1"
    guarantee = "at_least_once"

    def missing(self) -> str | None:
        """Why it cannot run here."""
        return missing_environment("bytewax")

    def start(self, job: Job) -> Running:
        """Starts a dataflow."""
        python = str(environment_of("bytewax"))
        store = job.directory / "recovery"
        store.mkdir()
        subprocess.run([python, "-m", "bytewax.recovery", str(store), "1"], check=True)
        # Both from its documentation's page on recovery.
        command = [python, "-m", "bytewax.run", "on_bytewax", "-r", str(store), "-s", "30", "-b", "0"]
        environment = {
            "PYTHONPATH": str(PYTHON),
            "BOOTSTRAP": job.bootstrap,
            "SOURCE": job.input,
            "CHANGES": job.output,
            "GROUP": job.name,
            "MODEL": str(job.model),
            "JOB": str(job.job),
        }
        return PeerProcess(command, job, group=job.name, environment=environment)
