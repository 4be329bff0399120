"""How fast an engine works off a backlog on its one core, and what CPU that takes."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from bench.cores import cpu_seconds
from bench.engines import Running

SAMPLE_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Sample:
    """What was known at one moment. time: monotonic, in seconds."""

    time: float
    processed: float
    cpu: float


@dataclass(frozen=True)
class Spread:
    """Of several windows."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float], digits: int) -> "Spread":
        return cls(round(median(values), digits), round(min(values), digits), round(max(values), digits))


@dataclass(frozen=True)
class Throughput:
    """events_per_second: by wall time on one pinned core. events_per_cpu_second: by the engine's own CPU time, which
    is more where it waits. cpu_us_per_event: all threads and processes of the engine.
    """

    events: int
    seconds: float
    windows: int
    events_per_second: Spread
    events_per_cpu_second: Spread
    cpu_us_per_event: Spread

    def content(self) -> dict[str, Any]:
        """As JSON content."""
        return asdict(self)


def measure(
    engine: Running,
    begin: int,
    end: int,
    *,
    windows: int,
    most_seconds: float,
    told: Callable[[int], None],
    begun: Callable[[], None] = lambda: None,
) -> Throughput:
    """Watches the engine from record `begin` on (what comes before warms it up) to record `end`, or for
    `most_seconds`; the events between are parted into `windows` of equal size. `begun` is called at the beginning.
    """
    samples: list[Sample] = []
    started = None
    while True:
        processed = engine.processed()
        now = time.monotonic()
        if processed >= begin:
            if started is None:
                started = now
                begun()
            samples.append(Sample(now, processed, cpu_seconds(engine.processes())))
        told(processed)
        if processed >= end or (started is not None and now - started > most_seconds):
            return summary(samples, windows)
        time.sleep(SAMPLE_SECONDS)


def summary(samples: Sequence[Sample], windows: int) -> Throughput:
    """The windows' figures, with times between samples taken in proportion. The first and the last sample bound them:
    the last is the first at which nothing more was done, or the end of the time given.
    """
    # Where the backlog ended between two samples, the engine idled until the second: leave that stretch out.
    if len(samples) > 2:
        samples = samples[:-1]
    # Progress is seen at commits alone, and a window may begin and end between two of them.
    samples = [
        samples[0],
        *(after for before, after in itertools.pairwise(samples) if after.processed > before.processed),
    ]
    first, last = samples[0], samples[-1]
    done = last.processed - first.processed
    if done <= 0:
        raise ValueError("too few samples: give the engine more events")
    edges = [_at(samples, first.processed + done * window / windows) for window in range(windows + 1)]
    rate, per_cpu, cost = [], [], []
    for before, after in itertools.pairwise(edges):
        events = after.processed - before.processed
        rate.append(events / (after.time - before.time))
        cpu = max(after.cpu - before.cpu, 1e-9)
        per_cpu.append(events / cpu)
        cost.append(1e6 * cpu / events)
    return Throughput(
        events=round(done),
        seconds=round(last.time - first.time, 2),
        windows=windows,
        events_per_second=Spread.of(rate, 0),
        events_per_cpu_second=Spread.of(per_cpu, 0),
        cpu_us_per_event=Spread.of(cost, 2),
    )


def _at(samples: Sequence[Sample], processed: float) -> Sample:
    """When so many were processed."""
    for before, after in itertools.pairwise(samples):
        if after.processed >= processed > before.processed:
            share = (processed - before.processed) / (after.processed - before.processed)
            return Sample(
                before.time + share * (after.time - before.time),
                processed,
                before.cpu + share * (after.cpu - before.cpu),
            )
    return samples[0]
