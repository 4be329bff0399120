"""Rows 7 to 9: a local store that is deleted, corrupted, or whose disk is full."""

import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.load import Injected, good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.traffic import traffic

RATE: Final = 2_000
DISK_MEGABYTES: Final = 64


def deleted(given: Conditions) -> Played:
    """Killed and its state directory deleted, under load; every second time while the worker still uses it."""
    with Stage(given, "disk lost") as stage:
        worker = stage.worker()
        worker.start_ready()
        stage.keep_up(worker)  # it ends with 1 where it has to write what is gone
        load = stage.load(_records(stage, given.choose(70, 25)), RATE)
        before = len(worker.log_file.read_text())
        for loss in range(given.choose(4, 1)):
            stage.sleep(5)
            if loss % 2:
                worker.lose_disk(running=True)
                stage.sleep(2)
                worker.kill()
            else:
                worker.kill()
                worker.lose_disk()
            worker.start()
            stage.recover(worker)
        load.halt()
        restored = worker.metric("leadpulse_restored_rows_total")
        said = worker.log_file.read_text()[before:]
        stage.settle(worker)
        stage.findings.require(
            re.search(r"restored [1-9]\d* rows", said), "the log does not say that state was rebuilt"
        )
        stage.findings.require(set(stage.ended) <= {1}, f"it ended with {stage.ended}")
        stage.shows("leadpulse_restored_rows_total", restored, restored > 1_000)
        return stage.played()


def corrupted(given: Conditions) -> Played:
    """Killed, and bytes in the middle of one file of its store overwritten: each kind of file in its turn."""
    choose = random.Random(8)
    with Stage(given, "disk corrupted") as stage:
        worker = stage.worker()
        stage.keep_up(worker)
        worker.start_ready()
        load = stage.load(_records(stage, given.choose(80, 30)), RATE)
        spoilt = []
        for pattern in ("*.sst", "MANIFEST-*", "CURRENT") if not given.short else ("*.sst",):
            stage.sleep(4)
            # Stopped in order it flushes, so that there are files of every kind.
            worker.stop()
            victim = max(stage.deployment.state("worker-0").rglob(pattern), key=lambda path: path.stat().st_size)
            _overwrite(victim, choose)
            spoilt.append(victim.name)
            worker.start()
            stage.recover(worker)
        load.halt()
        stage.settle(worker)
        said = worker.log_file.read_text()
        stage.findings.note(f"spoilt {', '.join(spoilt)}; the worker ended {len(stage.ended)} times to begin anew")
        stage.findings.require(
            "rebuilt from the changelog" in said or "rebuilds it" in said, "the log does not say what happened"
        )
        restored = stage.watch.grown("leadpulse_restored_rows_total")
        stage.shows("leadpulse_restored_rows_total", restored, restored > 1_000)
        return stage.played()


def full(given: Conditions) -> Played:
    """The store lies on a small disk of its own, which something else fills up, keeps full and frees again."""
    with small_disk(given.directory / "state-worker-0") as disk, Stage(given, "disk full") as stage:
        worker = stage.worker()
        worker.start_ready()
        stage.keep_up(worker)
        began = time.monotonic()
        load = stage.load(_records(stage, given.choose(60, 30)), RATE)
        stage.sleep(3)
        ballast = disk / "ballast"
        stage.wait_for(lambda: _fill(ballast) and stage.ended, 60, "stopped by the full disk")
        enough = time.monotonic() + given.choose(10, 3)
        stage.wait_for(lambda: _fill(ballast) and time.monotonic() > enough, 60, "through with the full disk")
        said = worker.log_file.read_text()
        ballast.unlink()
        stage.recover(worker)
        load.halt()
        stage.settle(worker)
        stage.findings.note(f"with the full disk it ended {len(stage.ended)} times")
        stage.findings.require(set(stage.ended) == {1}, f"it ended with {sorted(set(stage.ended))}")
        told = said.count("free or add disk space")
        stage.findings.require(told >= len(stage.ended), f"it ended {len(stage.ended)} times and told {told} remedies")
        stage.findings.require("is rebuilt from the changelog" not in said, "it threw the rows on the full disk away")
        lowest = stage.watch.lowest("up", since=began)
        stage.shows("up", lowest, lowest == 0)
        return stage.played()


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    """A file system of its own in memory. Only the super-user may mount one: without, the row cannot be played."""
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "leadpulse-faults", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"SKIPPED, and so not passed: a small disk cannot be mounted ({done.stderr.strip()}); play it as the super-user"
    )
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def _records(stage: Stage, seconds: int) -> list[Injected]:
    arrivals = traffic(seed=9, leads=seconds * 150, events=seconds * RATE, disorder=True)[: seconds * RATE]
    return good(stage.topic, arrivals)


def _overwrite(victim: Path, choose: random.Random) -> None:
    size = victim.stat().st_size
    with victim.open("r+b") as file:
        for place in (0, size // 3, size // 2, max(0, size - 60)):
            file.seek(place)
            file.write(choose.randbytes(min(32, max(1, size - place))))


def _fill(ballast: Path) -> bool:
    """Takes all the room that there is, which has always worked."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return True
