"""What /healthz and /readyz answer. They tell what is, not what was."""

import time
from typing import Final

from stream.runtime.commit import Committer
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.source import Source
from stream.runtime.worker import Worker

COMMIT_SECONDS: Final = 5.0


class Health:
    """Reads the parts' own states."""

    def __init__(self, worker: Worker, source: Source, committer: Committer, models: Models, metrics: Metrics) -> None:
        self._worker = worker
        self._source = source
        self._committer = committer
        self._models = models
        self._metrics = metrics

    def missing(self) -> list[str]:
        """What keeps the worker from scoring, in words; nothing when it is ready."""
        found = []
        if not self._worker.compiled:
            found.append("kernels: being compiled, which takes up to minutes the first time on a machine")
        if self._source.trouble is not None:
            found.append(f"brokers: {self._source.trouble}")
        if not self._source.assigned:
            found.append("partitions: none assigned yet")
        restoring = self._source.restoring
        if restoring:
            percents = self._source.percents()
            told = [f"{each} ({percents[each]}%)" if each in percents else f"{each}" for each in sorted(restoring)]
            found.append(f"state: partitions {', '.join(told)} are being restored, or wait for their model")
        if self._committer.broken is not None:
            found.append(f"brokers: a new producer is being opened after {self._committer.broken}")
        since = self._committer.under_way_since
        if since is not None and time.monotonic() - since > COMMIT_SECONDS:
            found.append(f"brokers: a commit has been under way for {time.monotonic() - since:.0f} s")
        self._metrics.ready.set(0 if found else 1)
        return found

    def model(self) -> str:
        """Digest of the model in force."""
        return self._models.in_force.digest
