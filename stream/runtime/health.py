"""What /healthz and /readyz answer. They tell what is, not what was."""

from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.source import Source


class Health:
    """Reads the parts' own states."""

    def __init__(self, source: Source, models: Models, metrics: Metrics) -> None:
        self._source = source
        self._models = models
        self._metrics = metrics

    def missing(self) -> list[str]:
        """What keeps the worker from scoring, in words; nothing when it is ready."""
        found = []
        if self._source.trouble is not None:
            found.append(f"brokers: {self._source.trouble}")
        if not self._source.assigned:
            found.append("partitions: none assigned yet")
        restoring = self._source.restoring
        if restoring:
            found.append(f"state: restoring partitions {sorted(restoring)}")
        self._metrics.ready.set(0 if found else 1)
        return found

    def model(self) -> str:
        """Digest of the model in force."""
        return self._models.in_force.digest
