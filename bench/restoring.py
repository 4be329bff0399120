"""How long a worker takes to have its state back."""

from typing import Any

from bench.progress import Progress
from bench.worker import Worker

_ROWS = "leadpulse_restored_rows_total"


def restore(worker: Worker, progress: Progress) -> dict[str, Any]:
    """Starts the worker, which must not run, from its own disk and then from an empty one.

    seconds: of restoring alone; start_seconds: from the command to ready.
    """
    found: dict[str, Any] = {}
    for name, lost in (("tail", False), ("nothing", True)):
        if lost:
            worker.lose_disk()
        progress.step(f"{worker.site.name}: restoring from {'nothing' if lost else 'the own disk'}")
        with worker:
            started = worker.wait_ready()
            rows = round(worker.metrics().get(_ROWS, 0.0))
        found[name] = {
            "seconds": round(started.restoring, 2),
            "start_seconds": round(started.seconds, 2),
            "rows": rows,
            "rows_per_second": round(rows / max(started.restoring, 0.01)),
        }
        progress.result(f"{worker.site.name}: {rows:,} rows restored in {started.restoring:.1f} s")
    return found
