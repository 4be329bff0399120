"""Kafka Streams in Java, exactly_once_v2, its state in RocksDB."""

import os
import shutil
from typing import Final

from bench.engines import Job, Running
from bench.peers.process import BUILD, ROOT, PeerProcess

_TARGET: Final = BUILD / "kafka-streams"


class KafkaStreams:
    """The application of bench/peers/kafka-streams."""

    name = "kafka_streams"
    version = "Kafka Streams 4.1.1"
    guarantee = "exactly_once"

    def missing(self) -> str | None:
        """Why it cannot run here."""
        if shutil.which("java") is None:
            return "java is not on the PATH: install Java 17"
        if not (_TARGET / "classes").is_dir():
            return f"{_TARGET.relative_to(ROOT)} is not there: `make bench-peers` makes it, with Maven"
        return None

    def start(self, job: Job) -> Running:
        """Starts an application of one stream thread."""
        command = ["java", "-Xmx2g", "-cp", f"{_TARGET / 'classes'}{os.pathsep}{_TARGET / 'libs'}{os.sep}*"]
        command += ["leadpulse.bench.Scoring", job.bootstrap, job.input, job.output, str(job.model), str(job.job)]
        command += [str(job.directory), job.name]
        return PeerProcess(command, job, group=job.name)
