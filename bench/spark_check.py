"""Whether Spark reads a log and takes its snapshots as one process does, to the bit: `python -m bench.spark_check`.

A process of its own, so that Spark's Java is gone afterwards. PySpark is looked for in build/spark too, where
`make spark` puts it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from bench.worker import EngineFailed
from schemas.load import load_settings
from stream.core.plan import build_plan
from training.log import EventLog, ReadLog, read_log
from training.refusal import TrainingRefused
from training.saying import in_silence
from training.snapshots import Snapshots
from training.taking import LeftOut, take_snapshots

INSTALLED: Final = Path("build/spark").absolute()
FILES: Final = 8
"""Files that the log is cut into: each is read by one task."""
_FACTS: Final = ("leads", "begin", "end", "known", "lines", "silent", "unordered", "unreadable", "files")
_TAIL: Final = 2_000


def spark_check(log: Path, config: Path) -> dict[str, Any]:
    """`equal`, with counts and seconds, or `missing`: why Spark cannot run here. Raises EngineFailed where it fails."""
    paths = os.pathsep.join(filter(None, [str(INSTALLED), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "bench.spark_check", "--log", str(log), "--config", str(config)],
        env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EngineFailed(f"the comparison with Spark failed: {done.stderr[-_TAIL:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(log: Path, config: Path) -> dict[str, Any]:
    """The same as `spark_check`, in this process."""
    try:
        from training.spark.engine import spark
    except ModuleNotFoundError as error:
        return {"missing": f"{error.name} is not installed: make spark"}
    paths = _cut(log)
    try:
        with spark() as read:
            other, spark_seconds = _timed(read, paths, config)
        one, seconds = _timed(read_log, paths, config)
    except TrainingRefused as error:
        return {"missing": str(error)}
    finally:
        for path in paths:
            path.unlink()
    return {
        "equal": _facts(one[0]) == _facts(other[0]) and one[2] == other[2] and _content(one[1]) == _content(other[1]),
        "events": one[0].lines,
        "leads": len(one[0].leads),
        "snapshots": len(one[1]),
        "files": len(paths),
        "seconds": {"spark": round(spark_seconds, 1), "one_process": round(seconds, 1)},
    }


def _timed(read: ReadLog, paths: list[Path], config: Path) -> tuple[tuple[EventLog, Snapshots, LeftOut], float]:
    settings, began = load_settings(config), time.perf_counter()
    log = read(paths, "segment", settings, None, in_silence)
    taken, left_out = take_snapshots(log, build_plan(settings), settings.target.moments, settings.target.within)
    return (log, taken, left_out), time.perf_counter() - began


def _cut(log: Path) -> list[Path]:
    """The log in files of whole lines, in its order."""
    paths, share = [log.with_name(f"{log.stem}-{n}{log.suffix}") for n in range(FILES)], log.stat().st_size // FILES + 1
    with log.open("rb") as whole:
        for path in paths:
            with path.open("wb") as file:
                while file.tell() < share and (line := whole.readline()):
                    file.write(line)
    return paths


def _facts(log: EventLog) -> dict[str, Any]:
    """What is known of a log but its events, arrays as bytes."""
    lives = {name: value.tobytes() for name, value in vars(log.lives).items()}
    return {name: getattr(log, name) for name in _FACTS} | {"lives": lives, "listed": log.listed and asdict(log.listed)}


def _content(snapshots: Snapshots) -> list[bytes]:
    return [getattr(snapshots, each.name).tobytes() for each in fields(snapshots)]


def main() -> int:
    """Prints the findings as JSON."""
    parser = argparse.ArgumentParser("python -m bench.spark_check", description=__doc__)
    parser.add_argument("--log", type=Path, required=True, help="Segment calls, one a line")
    parser.add_argument("--config", type=Path, required=True, help="the settings file")
    parsed = parser.parse_args()
    print(json.dumps(compare(parsed.log, parsed.config)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
