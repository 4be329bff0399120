"""The training job on the reference traffic: a log is written, a process on the engine's core learns from it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from bench.cores import ENGINE, pin
from bench.generator import Traffic, calls
from bench.progress import Progress
from bench.reference import content_of
from bench.spark_check import spark_check
from bench.worker import EngineFailed

WARM_UP: Final = Traffic(leads=500, events=5_000, active=100, days=30, seed=5)
TARGET: Final = {
    "counts": {"channel": "product", "match": [{"name": "Demo Requested"}]},
    "within": "2d",
    "moments": {"kind": "events", "events": [3, 10]},
}
"""The calls hold no sale: what is learned is who asks for a demo."""
_TOLD_EVERY: Final = 50_000
_TAIL: Final = 2_000


def measure_training(
    directory: Path, models: Path, features: int, traffic: Traffic, progress: Progress
) -> dict[str, Any]:
    """What `bench.training_run` found, and Spark's check. Raises EngineFailed where the run fails."""
    log, warm_up, config = (directory / name for name in ("training.jsonl", "warm-up.jsonl", "training.yaml"))
    config.write_text(yaml.safe_dump(content_of(features) | {"target": TARGET}))
    _write(warm_up, WARM_UP, progress)
    _write(log, traffic, progress)
    progress.step(f"training on {traffic.events:,} events")
    options = {"log": log, "warm-up": warm_up, "config": config, "models": models}
    command = [sys.executable, "-m", "bench.training_run", *(f"--{name}={path}" for name, path in options.items())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        pin(process.pid, ENGINE)
        told, complaints = process.communicate()
    if process.returncode:
        raise EngineFailed(f"training failed: {complaints[-_TAIL:].decode(errors='replace')}")
    found: dict[str, Any] = json.loads(told)
    found["spark"] = _with_spark(log, config, progress)
    log.unlink()
    progress.result(
        f"training: {found['events']:,} events read at {found['read_events_per_second']:,} a second and replayed at "
        f"{found['replay_events_per_second']:,}; {found['seconds']:.0f} s in all, {found['peak_mb']:,} MiB at most; "
        f"{found['us_per_row']['reference_ensemble']['explain']:.1f} us to explain a row"
    )
    return found


def _with_spark(log: Path, config: Path, progress: Progress) -> dict[str, Any]:
    """Whether PySpark's snapshots are the same, or why that cannot be told here."""
    progress.step("the same snapshots on Spark")
    found = spark_check(log, config)
    said = f"no comparison: {found['missing']}" if "missing" in found else "equal" if found["equal"] else "NOT EQUAL"
    progress.result(f"snapshots on Spark and in one process: {said}")
    return found


def _write(path: Path, traffic: Traffic, progress: Progress) -> None:
    """The traffic as JSON Lines."""
    progress.step(f"writing a log of {traffic.events:,} events")
    with path.open("wb") as file:
        for number, call in enumerate(calls(traffic)):
            file.write(call.value + b"\n")
            if number % _TOLD_EVERY == 0:
                progress.count(number, traffic.size)
