"""A backlog worked off by a Leadpulse worker: rates, CPU by stage and by thread, memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.cores import cpu_by_thread, memory_mb
from bench.generator import Traffic, calls
from bench.progress import Progress
from bench.site import Site, fill
from bench.throughput import Throughput, measure
from bench.worker import Worker

WARM_UP: Final = 40_000
"""Records after which kernels are compiled and the first active leads are known."""
CENSUS_SECONDS: Final = 1_800.0
STAGE: Final = "leadpulse_stage_seconds_total "
_RECORDS: Final = "leadpulse_records_total "


@dataclass(frozen=True)
class Backlog:
    """What came of one. stages: seconds by the worker's own counters, in microseconds an event; threads: CPU likewise.
    emitted: score changes an event. census: events a second and CPU us an event while every lead was met first.
    """

    throughput: Throughput
    stages: dict[str, float]
    threads: dict[str, float]
    emitted: float
    rss_mb: float
    peak_mb: float
    census: Throughput | None

    def content(self) -> dict[str, Any]:
        """As JSON content."""
        return {
            **self.throughput.content(),
            "stages": self.stages,
            "threads": self.threads,
            "emitted": self.emitted,
            "rss_mb": self.rss_mb,
            "peak_mb": self.peak_mb,
            "census": None if self.census is None else self.census.content(),
        }


def fill_site(site: Site, traffic: Traffic, progress: Progress) -> None:
    """Topics with the whole of the traffic in them."""
    progress.step(f"{site.name}: {traffic.size:,} events of {traffic.leads:,} leads into Kafka")
    site.create()
    fill(site.bootstrap, site.input, calls(traffic))


def work_off(worker: Worker, traffic: Traffic, progress: Progress, *, windows: int, most_seconds: float) -> Backlog:
    """Measures the worker, which has just been started, on its site's backlog."""
    name = worker.site.name
    progress.step(f"{name}: the worker starts")
    worker.wait_ready()
    census = None
    if traffic.census:
        progress.step(f"{name}: each lead once")
        census = _census(worker, traffic.leads, progress)
    progress.step(f"{name}: the backlog")
    before = _Probe(worker)
    begin = traffic.size - traffic.events + min(WARM_UP, traffic.events // 4)
    throughput = measure(
        worker,
        begin,
        traffic.size,
        windows=windows,
        most_seconds=most_seconds,
        told=lambda done: progress.count(done, traffic.size),
        begun=before.look,
    )
    after = _Probe(worker)
    after.look()
    events = after.of(before, _RECORDS)
    rss, peak = memory_mb(worker.processes())
    progress.result(
        f"{name}: {throughput.events_per_second.median:,.0f} events/s "
        f"({throughput.events_per_second.least:,.0f} to {throughput.events_per_second.most:,.0f}), "
        f"{throughput.cpu_us_per_event.median:.1f} us CPU an event, {peak:,.0f} MiB at most"
    )
    return Backlog(
        throughput,
        stages=after.rates(before, STAGE, events),
        threads={
            name: round(1e6 * (seconds - before.threads.get(name, 0.0)) / events, 2)
            for name, seconds in sorted(after.threads.items())
        },
        emitted=round(after.of(before, "leadpulse_outputs_total change") / events, 4),
        rss_mb=round(rss),
        peak_mb=round(peak),
        census=census,
    )


def _census(worker: Worker, leads: int, progress: Progress) -> Throughput | None:
    """While each lead is met first, and told. None where they are too few to time."""
    if leads < 2 * WARM_UP:
        worker.wait_for(lambda: worker.processed() >= leads, CENSUS_SECONDS, "done with the leads")
        return None
    return measure(
        worker,
        WARM_UP,
        leads,
        windows=1,
        most_seconds=CENSUS_SECONDS,
        told=lambda done: progress.count(done, leads),
    )


class _Probe:
    """The worker's counters and its threads' CPU at one moment."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.metrics: Mapping[str, float] = {}
        self.threads: dict[str, float] = {}

    def look(self) -> None:
        self.metrics = self._worker.metrics()
        self.threads = cpu_by_thread(self._worker.processes()[0])

    def of(self, before: "_Probe", prefix: str) -> float:
        """By how much the samples that begin with this have grown, added up."""
        return sum(
            value - before.metrics.get(name, 0.0) for name, value in self.metrics.items() if name.startswith(prefix)
        )

    def rates(self, before: "_Probe", prefix: str, events: float) -> dict[str, float]:
        """Growth of each sample that begins with this, in millionths an event."""
        return {
            name.removeprefix(prefix): round(1e6 * (value - before.metrics.get(name, 0.0)) / events, 3)
            for name, value in self.metrics.items()
            if name.startswith(prefix)
        }
