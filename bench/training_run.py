"""One run of the training job under measurement, in a process of its own: time by stage, peak memory, and what it costs
to explain a row. `python -m bench.training_run --help`.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from bench.reference import reference
from schemas.load import load_settings
from stream.core.fold import Matrix
from stream.core.plan import build_plan
from training.job import Options, Trained, train
from training.log import read_log
from training.parity import Files
from training.split import Floor
from training.taking import take_snapshots

STAGES: Final = {
    "reading": "read",
    "taking": "replay",
    "tuning": "tune",
    "fitting": "fit",
    "fitted": "fit",
    "judging": "judge",
    "loading": "load",
}
"""The stage that begins where the job says something, by its first word."""
BATCH: Final = 1_024
ROWS: Final = 16 * BATCH
REPEATS: Final = 5


class Stages:
    """Seconds by stage, by what the job says as it goes on."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", 0.0

    def __call__(self, text: str, share: float | None = None) -> None:
        """A share is progress within a stage."""
        if share is None:
            self.end()
            self._stage = STAGES[text.split(maxsplit=1)[0].rstrip(":")]

    def end(self) -> None:
        """Ends the stage at hand."""
        now = time.perf_counter()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._since = now


def run(log: Path, warm_up: Path, config: Path, models: Path) -> dict[str, Any]:
    """The figures. warm_up: a small log, so that nothing is compiled under measurement. models: where the reference
    job's model is kept.
    """
    settings = load_settings(config)
    take_snapshots(
        read_log([warm_up], "segment", settings), build_plan(settings), settings.target.moments, settings.target.within
    )
    stages = Stages()
    began = time.perf_counter()
    trained = train(settings, Options([log], "segment", 0, Floor(1, 1)), stages)
    stages.end()
    seconds = time.perf_counter() - began
    events = trained.manifest.training["events"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "events": events["lines"],
        "leads": events["leads"],
        "snapshots": trained.manifest.training["moments"]["snapshots"],
        "features": len(trained.manifest.features),
        "seconds": round(seconds, 2),
        "stages": {name: round(spent, 2) for name, spent in stages.seconds.items()},
        "read_events_per_second": round(events["lines"] / stages.seconds["read"]),
        "replay_events_per_second": round(events["lines"] / stages.seconds["replay"]),
        "peak_mb": round(peak),
        "us_per_row": _rows(trained, models),
    }


def _rows(trained: Trained, models: Path) -> dict[str, dict[str, float]]:
    """Microseconds to score and to explain a row, of the model just trained and of the reference job's ensemble."""
    kept = reference(models, len(trained.manifest.features)).files
    rows = np.resize(trained.test.features, (ROWS, trained.test.features.shape[1]))
    found = {}
    for name, score, explain in (
        (trained.manifest.kind, trained.files.score, trained.files.explain),
        ("reference_ensemble", kept.score, kept.explain),
    ):
        files = Files(score, explain)
        found[name] = {"score": _us(files.log_odds, rows), "explain": _us(files.contributions, rows)}
    return found


def _us(graph: Callable[[Matrix], Any], rows: Matrix) -> float:
    """Median over REPEATS rounds in batches of BATCH."""
    spent = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        for at in range(0, ROWS, BATCH):
            graph(rows[at : at + BATCH])
        spent.append(time.perf_counter() - began)
    return round(median(spent) / ROWS * 1e6, 3)


def main() -> int:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser("python -m bench.training_run", description=__doc__)
    for name, told in (
        ("log", "the events, as Segment calls"),
        ("warm-up", "a small log of the same kind"),
        ("config", "the settings"),
        ("models", "where the reference job's model is kept"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, help=told)
    parsed = parser.parse_args()
    json.dump(run(parsed.log, parsed.warm_up, parsed.config, parsed.models), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
