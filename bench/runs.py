"""What `make bench` measures, section by section."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.backlog import Backlog, fill_site, work_off
from bench.generator import Traffic
from bench.live import burst, idle, latency
from bench.progress import Progress
from bench.reference import Reference, reference
from bench.restoring import restore
from bench.site import PARTITIONS, Site
from bench.training import measure_training
from bench.verification import verify
from bench.worker import Worker

FEATURES: Final = 40
GUARANTEES: Final = ("exactly_once", "at_least_once")


@dataclass(frozen=True)
class Extent:
    """How much is measured. traffic: of the headline. leads_grown, features_grown, partitions_grown: the other points
    of growth, those of features and partitions on the traffic `shape`. learned: the log of the training job.
    """

    sections: tuple[str, ...]
    traffic: Traffic
    windows: int
    most_seconds: float
    rates: tuple[int, ...]
    guarantees: tuple[str, ...]
    latency_seconds: float
    leads_grown: tuple[int, ...]
    features_grown: tuple[int, ...]
    partitions_grown: tuple[int, ...]
    shape: Traffic
    burst_rate: int
    burst_seconds: float
    idle_seconds: float
    learned: Traffic


FULL: Final = Extent(
    sections=("verify", "throughput", "latency", "idle", "burst", "fresh", "growth", "training"),
    traffic=Traffic(census=True),
    windows=5,
    most_seconds=40,
    rates=(2_000, 10_000),
    guarantees=GUARANTEES,
    latency_seconds=20,
    leads_grown=(10_000, 100_000, 5_000_000),
    features_grown=(20, 80),
    partitions_grown=(1, 16),
    shape=Traffic(leads=100_000, events=600_000, days=9, census=True),
    burst_rate=10_000,
    burst_seconds=3,
    idle_seconds=15,
    learned=Traffic(events=10_000_000),
)
QUICK: Final = Extent(
    sections=("verify", "throughput", "latency", "idle", "training"),
    traffic=Traffic(leads=100_000, events=400_000, days=6, census=True),
    windows=3,
    most_seconds=15,
    rates=(10_000,),
    guarantees=("exactly_once",),
    latency_seconds=8,
    leads_grown=(10_000,),
    features_grown=(20,),
    partitions_grown=(1,),
    shape=Traffic(leads=10_000, events=200_000, days=3, census=True),
    burst_rate=2_000,
    burst_seconds=3,
    idle_seconds=5,
    learned=Traffic(leads=100_000, events=1_000_000),
)


@dataclass
class Bench:
    """A run on one broker. found: what has been measured so far, as the report takes it."""

    bootstrap: str
    directory: Path
    models: Path
    extent: Extent
    progress: Progress
    found: dict[str, Any] = field(default_factory=dict)

    def run(self, sections: Sequence[str]) -> dict[str, Any]:
        """Measures these sections, in their own order."""
        for name, section in SECTIONS.items():
            if name in sections:
                section(self)
        return self.found

    def verify(self) -> None:
        """The outputs of 20,000 events are the oracle's."""
        self.found["verified"] = not verify(self._site("verified"), self.progress)

    def throughput(self) -> None:
        """Events a second, CPU by stage and memory, with every lead known; then the state is restored."""
        site = self._site("headline")
        fill_site(site, self.extent.traffic, self.progress)
        worker = Worker(site)
        with worker:
            found = self._work_off(worker, self.extent.traffic)
        self.found["headline"] = found
        self.found.setdefault("growth", {})[self.extent.traffic.leads] = found
        self.found["restore"] = restore(worker, self.progress)
        site.remove()

    def latency(self) -> None:
        """Produce to visible at steady rates."""
        self.found["latency"] = {
            rate: {
                guarantee: latency(
                    self._site(f"latency-{rate}-{guarantee.replace('_', '-')}"),
                    rate,
                    guarantee,
                    self.extent.latency_seconds,
                    self.progress,
                )
                for guarantee in self.extent.guarantees
            }
            for rate in self.extent.rates
        }

    def growth(self) -> None:
        """The same by number of leads, features and partitions."""
        for leads in self.extent.leads_grown:
            traffic = Traffic(leads, self.extent.traffic.events, days=self.extent.traffic.days, census=True)
            self.found.setdefault("growth", {})[leads] = self._grown(f"leads-{leads}", traffic)
        self.found["by_features"] = {
            features: self._grown(f"features-{features}", self.extent.shape, features=features)
            for features in (*self.extent.features_grown, FEATURES)
        }
        self.found["by_partitions"] = {
            partitions: self._grown(f"partitions-{partitions}", self.extent.shape, partitions=partitions)
            for partitions in self.extent.partitions_grown
        } | {PARTITIONS: self.found["by_features"][FEATURES]}

    def fresh(self) -> None:
        """The log that other engines are measured on: no lead is known at its beginning."""
        extent = self.extent.traffic
        traffic = Traffic(extent.leads, extent.events, days=extent.days)
        self.found["fresh"] = self._grown("fresh", traffic)

    def idle(self) -> None:
        """CPU without traffic."""
        self.found["idle_cpu_percent"] = idle(self._site("idle"), self.extent.idle_seconds, self.progress)

    def burst(self) -> None:
        """Ten times the sustained rate, and its draining."""
        site = self._site("burst")
        self.found["burst"] = burst(site, self.extent.burst_rate, self.extent.burst_seconds, self.progress)

    def training(self) -> None:
        """The training job on a log of the same calls."""
        self.found["training"] = measure_training(
            self.directory, self.models, FEATURES, self.extent.learned, self.progress
        )

    def _site(self, name: str, features: int = FEATURES, partitions: int = PARTITIONS) -> Site:
        return Site(self.bootstrap, self.directory, name, self._reference(features), partitions)

    def _reference(self, features: int) -> Reference:
        self.progress.step(f"the model of {features} features")
        return reference(self.models, features)

    def _grown(self, name: str, traffic: Traffic, features: int = FEATURES, partitions: int = PARTITIONS) -> Backlog:
        site = self._site(name, features, partitions)
        fill_site(site, traffic, self.progress)
        with Worker(site) as worker:
            found = self._work_off(worker, traffic)
        site.remove()
        return found

    def _work_off(self, worker: Worker, traffic: Traffic) -> Backlog:
        extent = self.extent
        return work_off(worker, traffic, self.progress, windows=extent.windows, most_seconds=extent.most_seconds)


SECTIONS: Final[dict[str, Callable[[Bench], None]]] = {
    "verify": Bench.verify,
    "throughput": Bench.throughput,
    "latency": Bench.latency,
    "idle": Bench.idle,
    "burst": Bench.burst,
    "fresh": Bench.fresh,
    "growth": Bench.growth,
    "training": Bench.training,
}
WITHOUT_KAFKA: Final = {"training"}
