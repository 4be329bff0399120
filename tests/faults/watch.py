"""What a monitoring system would have seen: the workers' metrics, asked for several times a second."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, Self

from tests.integration.process import WorkerProcess

UP: Final = "up"
"""1 where a worker answered, 0 where it did not: the metric that the monitoring system makes by itself."""
_EVERY_SECONDS: Final = 0.25

Sample = dict[str, float]


def parse(page: str) -> Sample:
    """Series, as the page names them, to values."""
    found = {}
    for line in page.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            found[series] = float(value)
    return found


def matches(series: str, metric: str, **labels: str) -> bool:
    """Whether a series is of this metric and has these labels."""
    name, _, rest = series.partition("{")
    return name == metric and all(f'{label}="{value}"' in rest for label, value in labels.items())


@dataclass
class Seen:
    """What one worker showed. grown: by how much each counter has grown, over restarts."""

    samples: list[tuple[float, Sample]] = field(default_factory=list)
    grown: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    last: Sample = field(default_factory=dict)

    def take(self, when: float, sample: Sample) -> None:
        for series, value in sample.items():
            before = self.last.get(series, 0.0)
            # A counter that is smaller than it was is that of a new process, and began at nothing.
            self.grown[series] += value - before if value >= before else value
        if sample[UP]:
            self.last = sample
        self.samples.append((when, sample))


class Watch:
    """Asks every worker that it was told of, in a thread of its own."""

    def __init__(self) -> None:
        self._workers: dict[str, WorkerProcess] = {}
        self._seen: defaultdict[str, Seen] = defaultdict(Seen)
        self._quit = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._quit.set()
        self._thread.join()

    def add(self, name: str, worker: WorkerProcess) -> None:
        """Watches this one, too."""
        with self._lock:
            self._workers[name] = worker

    def look(self) -> None:
        """Asks once, now."""
        with self._lock:
            for name, worker in self._workers.items():
                status, page = worker.get("/metrics")
                self._seen[name].take(time.monotonic(), {UP: float(status == 200)} | parse(page))

    def grown(self, metric: str, worker: str | None = None, **labels: str) -> float:
        """By how much a counter has grown, over all restarts, in one worker or in all of them."""
        return sum(
            value
            for seen in self._of(worker)
            for series, value in seen.grown.items()
            if matches(series, metric, **labels)
        )

    def lowest(self, metric: str, worker: str | None = None, since: float = 0.0, **labels: str) -> float:
        """The smallest value that any sample had; where a sample has several series, their sum counts."""
        return min(self.values(metric, worker, since, **labels), default=float("nan"))

    def highest(self, metric: str, worker: str | None = None, since: float = 0.0, **labels: str) -> float:
        """The greatest value that any sample had; where a sample has several series, their sum counts."""
        return max(self.values(metric, worker, since, **labels), default=float("nan"))

    def values(self, metric: str, worker: str | None = None, since: float = 0.0, **labels: str) -> list[float]:
        """Its value in each sample that has it, the sum where there are several series."""
        found = []
        for seen in self._of(worker):
            for when, sample in seen.samples:
                values = [value for series, value in sample.items() if matches(series, metric, **labels)]
                if when >= since and values:
                    found.append(sum(values))
        return found

    def _of(self, worker: str | None) -> list[Seen]:
        with self._lock:
            return list(self._seen.values()) if worker is None else [self._seen[worker]]

    def _run(self) -> None:
        while not self._quit.wait(_EVERY_SECONDS):
            self.look()
