"""A worker at a steady rate: latency from produce to visible, a burst and its draining, and what it costs to wait."""

import time
from typing import Any, Final

import numpy as np

from bench.cores import cpu_seconds
from bench.generator import Traffic, calls
from bench.paced import Phase, Reader, Stream
from bench.progress import Progress
from bench.site import OUTPUT_PARTITIONS, Site, fill
from bench.worker import EngineFailed, Worker

WARM_UP: Final = 60_000
"""Events of a backlog that come first: kernels are compiled, leads are known."""
SETTLE_SECONDS: Final = 5.0
WARMING_SECONDS: Final = 20.0
"""Of the stream before a latency is measured: a broker that has just started takes so long to compile its own code."""
DRAIN_SECONDS: Final = 120.0
_TRAFFIC: Final = Traffic()


def latency(site: Site, rate: int, guarantee: str, seconds: float, progress: Progress) -> dict[str, Any]:
    """Milliseconds from an input record's Kafka time to the sight of the score change that it caused."""
    progress.step(f"latency at {rate:,} events/s, {guarantee}")
    with _warm(site, guarantee=guarantee) as worker:
        reader = Reader(site.bootstrap, site.changes, OUTPUT_PARTITIONS)
        phases = [Phase(rate, WARMING_SECONDS), Phase(rate, seconds)]
        stream = Stream(site.bootstrap, site.input, _TRAFFIC, WARM_UP, phases)
        stream.go()
        while not stream.phase_ended():
            time.sleep(0.02)
        began, before, cpu = time.time() * 1000, stream.sent, cpu_seconds(worker.processes())
        while not stream.phase_ended():
            time.sleep(0.02)
        ended, cpu = time.time() * 1000, cpu_seconds(worker.processes()) - cpu
        events = stream.sent - before
        stream.join()
        _drain(worker, WARM_UP + stream.sent)
        seen = [after - at for at, after in reader.finish() if began <= at < ended]
    if not seen:
        raise EngineFailed(f"no score change was seen at {rate} events/s")
    p50, p95, p99, most = np.percentile(seen, [50, 95, 99, 100]).round(1).tolist()
    progress.result(f"latency at {rate:,} events/s, {guarantee}: p50 {p50} ms, p99 {p99} ms of {len(seen):,} changes")
    return {
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "max": most,
        "changes": len(seen),
        "emitted": round(len(seen) / events, 4),
        "events_per_second": round(1000 * events / (ended - began)),
        "cpu_us_per_event": round(1e6 * cpu / events, 1),
    }


def burst(site: Site, rate: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """Ten times the rate for a while, then the rate again: how long until nothing waits any more. Raises EngineFailed
    where events are lost.
    """
    progress.step(f"a burst of {10 * rate:,} events/s for {seconds:g} s")
    with _warm(site) as worker:
        phases = [Phase(rate, SETTLE_SECONDS), Phase(10 * rate, seconds), Phase(rate, DRAIN_SECONDS)]
        stream = Stream(site.bootstrap, site.input, _TRAFFIC, WARM_UP, phases)
        stream.go()
        # Some events are always on their way: a tenth of a second's, or more where the machine is slow.
        usual = rate // 10
        while not stream.phase_ended():
            time.sleep(0.02)
            usual = max(usual, WARM_UP + stream.sent - worker.processed())
        began, before = time.monotonic(), stream.sent
        most = 0
        while not stream.phase_ended():
            most = max(most, WARM_UP + stream.sent - worker.processed())
        ended, offered = time.monotonic(), stream.sent - before
        while (waiting := WARM_UP + stream.sent - worker.processed()) > usual:
            most = max(most, waiting)
            if time.monotonic() - ended > DRAIN_SECONDS:
                raise EngineFailed(f"{waiting} events still waited {DRAIN_SECONDS:g} s after the burst")
        drained = time.monotonic() - ended
        stream.halt()
        stream.join()
        _drain(worker, WARM_UP + stream.sent)
    found = {
        "sustained_events_per_second": rate,
        "offered_events_per_second": round(offered / (ended - began)),
        "seconds": round(ended - began, 1),
        "most_waiting": most,
        "drain_seconds": round(drained, 1),
    }
    progress.result(f"the burst: {most:,} events waited at most, drained {drained:.1f} s after its end")
    return found


def idle(site: Site, seconds: float, progress: Progress) -> float:
    """Percent of a core that a worker without traffic uses."""
    progress.step("an idle worker")
    with _warm(site) as worker:
        time.sleep(SETTLE_SECONDS)
        began, before = time.monotonic(), cpu_seconds(worker.processes())
        time.sleep(seconds)
        used = cpu_seconds(worker.processes()) - before
        found = round(100 * used / (time.monotonic() - began), 2)
    progress.result(f"an idle worker: {found} % of a core")
    return found


def _warm(site: Site, **sections: Any) -> "_Warm":
    site.create()
    fill(site.bootstrap, site.input, (call for call, _ in zip(calls(_TRAFFIC), range(WARM_UP), strict=False)))
    return _Warm(site, **sections)


class _Warm(Worker):
    """A worker that has worked off the warm-up when the `with` block begins, and whose site is gone when it ends."""

    def __enter__(self) -> "_Warm":
        super().__enter__()
        try:
            self.wait_ready()
            _drain(self, WARM_UP)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        if not any(error):
            self.site.remove()


def _drain(worker: Worker, events: int) -> None:
    """Until so many are processed. Raises EngineFailed where they never are: an event would be lost."""
    worker.wait_for(lambda: worker.processed() >= events, DRAIN_SECONDS, f"done with {events:,} events")
