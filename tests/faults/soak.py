"""Rows 17 and 18: a cache that is far too small, an allocation that fails, and a long time of steady work."""

import os
import resource
import signal
import statistics
import threading
from itertools import combinations
from pathlib import Path
from typing import Final, Self

from schemas.times import HOUR
from tests.faults.load import good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.traffic import BEGIN, Arrival, traffic

RATE: Final = 2_500
SPAN: Final = 2 * HOUR
GROWTH: Final = 0.05
"""How much of its median a figure may grow over the second two thirds of the soak, by its robust slope."""
GROWTH_FILES: Final = 3
LEAST_HOT: Final = 4 * 1024 * 1024
LEAST_STORE: Final = 32 * 1024 * 1024
"""The least that the settings allow: hot rows are full in the first seconds, and so many others are read that the
store's blocks fill their memory within the first third. What grows later is no filling up."""
MANY_RATE: Final = 5_000
BURST: Final = 2_000
SWOLLEN_BYTES: Final = 100_000


def two_hours(given: Conditions) -> Played:
    """The events of two hours in some minutes: memory and open files must stay where they are."""
    seconds = given.choose(200, 60)
    with Stage(given, "soak", limits={"hot_memory": LEAST_HOT, "store_bytes": LEAST_STORE}) as stage:
        events = traffic(seed=18, leads=given.choose(20_000, 2_000), events=seconds * RATE, days=20)
        arrivals = _compressed(events, SPAN)
        worker = stage.worker()
        worker.start_ready()
        load = stage.load(good(stage.topic, arrivals), RATE)
        with Gauges(worker.pid or 0) as gauges:
            stage.sleep(seconds)
            load.finish()
        stage.recover(worker)
        stage.settle(worker)
        for name, values, most in (
            ("resident memory", gauges.resident, GROWTH),
            ("open files", gauges.files, GROWTH_FILES / statistics.median(gauges.files)),
        ):
            settled = values[len(values) // 3 :]
            growth = slope(settled) * len(settled) / statistics.median(settled)
            stage.findings.note(f"{name} {statistics.median(settled):.0f}, growth {100 * growth:.1f}%")
            stage.findings.require(growth <= most, f"{name} grew by {100 * growth:.1f}%")
        taken = stage.watch.grown("leadpulse_records_total")
        stage.shows("leadpulse_records_total", taken, taken == len(arrivals))
        return stage.played()


def slope(values: list[float]) -> float:
    """By the sample: the median slope of all pairs of values (Theil and Sen), which a few outliers do not move."""
    chosen = range(0, len(values), max(1, len(values) // 200))
    return statistics.median((values[j] - values[i]) / (j - i) for i, j in combinations(chosen, 2))


class Gauges:
    """A process' resident memory, in MB, and open files, once a second."""

    def __init__(self, process: int) -> None:
        self.resident: list[float] = []
        self.files: list[float] = []
        self._process = Path("/proc") / str(process)
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gauges", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._quit.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._quit.wait(1.0):
            pages = int((self._process / "statm").read_text().split()[1])
            self.resident.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
            self.files.append(len(list((self._process / "fd").iterdir())))


def _compressed(arrivals: list[Arrival], span: int) -> list[Arrival]:
    """The same events in a shorter time."""
    length = max(each.timestamp for each in arrivals) - BEGIN + 1

    def sooner(time: int) -> int:
        return BEGIN + (time - BEGIN) * span // length

    return [Arrival({**each.event, "time": sooner(each.event["time"])}, sooner(each.timestamp)) for each in arrivals]


def too_many_leads(given: Conditions) -> Played:
    """Ten times as many leads as the memory holds; then an allocation that fails, under a burst of large events."""
    with Stage(given, "arena", limits={"hot_memory": LEAST_HOT}) as stage:
        worker = stage.worker()
        worker.start_ready()
        events = given.choose(230_000, 90_000)
        # So many leads to choose from that most events bring a new one.
        arrivals = traffic(seed=17, leads=events * 6, events=events + BURST)
        first, burst, rest = arrivals[: events // 2], arrivals[events // 2 :][:BURST], arrivals[events // 2 + BURST :]
        stage.load(good(stage.topic, first), MANY_RATE).finish()
        stage.recover(worker)
        stage.keep_up(worker)
        assert worker.pid is not None
        # It sleeps until all of the burst is there: fetched at once, that takes more memory than lies idle.
        worker.signal(signal.SIGSTOP)
        forbid_memory(worker.pid)
        stage.load(good(stage.topic, [_swollen(each) for each in burst]), MANY_RATE).finish()
        worker.signal(signal.SIGCONT)
        stage.wait_for(lambda: stage.ended, 60, "dead of a failed allocation")
        load = stage.load(good(stage.topic, rest), MANY_RATE)
        stage.recover(worker)
        load.finish()
        stage.settle(worker)
        leads = len({each.injected.record.key for each in stage.everything()})
        held = stage.watch.highest("leadpulse_hot_rows")
        stage.findings.note(
            f"{leads} leads, {held:g} held in memory; the failed allocation ended it with {stage.ended}"
        )
        stage.findings.require(leads >= given.choose(10, 2) * held, f"{leads} leads, and {held:g} fit into the memory")
        evicted = stage.watch.grown("leadpulse_evicted_rows_total")
        stage.shows("leadpulse_evicted_rows_total", evicted, evicted > leads / 2)
        return stage.played()


def _swollen(each: Arrival) -> Arrival:
    """The same event with a large property that means nothing."""
    padding = {"text": "x" * SWOLLEN_BYTES}
    return Arrival({**each.event, "properties": {**each.event["properties"], **padding}}, each.timestamp)


def forbid_memory(process: int) -> None:
    """From now on it gets no more memory from the system than it has: the first allocation that needs some fails."""
    # DATA, too: what the allocator has reserved and does not use yet counts as address space already.
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        resource.prlimit(process, kind, (1 << 20, resource.RLIM_INFINITY))
