"""Which core does what, and what a process has used of it, as the kernel accounts for it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HARNESS: Final = 0
"""Broker, generator, readers and this process."""
ENGINE: Final = 1
BROKER_HEAP: Final = "3g"
"""Its makers give a broker 6 GB. With the 100 MB for new objects that it starts with if it may choose, a collection
stops it for 25 to 60 ms every three seconds, and that is what a 99th percentile tells.
"""

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")


class TooFewCores(Exception):
    """The machine has no core for the engine alone."""


def take_harness_core() -> None:
    """This process, and so whatever it starts, goes to the harness's core. Raises TooFewCores."""
    if not {HARNESS, ENGINE} <= os.sched_getaffinity(0):
        raise TooFewCores(
            f"the bench needs cores {HARNESS} and {ENGINE}, and may use {sorted(os.sched_getaffinity(0))}: "
            "run it where both are free"
        )
    os.sched_setaffinity(0, {HARNESS})


def pin(process: int, core: int) -> None:
    """All threads of the process, those to come included."""
    for thread in _threads(process):
        os.sched_setaffinity(thread, {core})


def cpu_seconds(processes: Sequence[int]) -> float:
    """User and system time of the processes so far; nothing of one that is gone."""
    return sum(_seconds(_PROC / str(process) / "stat") for process in processes)


def cpu_by_thread(process: int) -> dict[str, float]:
    """Seconds by the threads' names without numbers at their ends. `main` is the first thread, with the event loop."""
    found: dict[str, float] = {}
    for thread in _threads(process):
        folder = _PROC / str(process) / "task" / str(thread)
        try:
            name = "main" if thread == process else folder.joinpath("comm").read_text().strip().rstrip("0123456789-_ ")
        except OSError:
            continue
        found[name] = found.get(name, 0.0) + _seconds(folder / "stat")
    return found


def memory_mb(processes: Sequence[int]) -> tuple[float, float]:
    """Resident memory now and at its peak, in MiB, added over the processes."""
    now = peak = 0.0
    for process in processes:
        for line in (_PROC / str(process) / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                now += int(line.split()[1]) / 1024
            if line.startswith("VmHWM:"):
                peak += int(line.split()[1]) / 1024
    return now, peak


def machine() -> dict[str, str | int]:
    """What the figures were measured on."""
    models = {
        line.split(":", 1)[1].strip()
        for line in (_PROC / "cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    memory = (_PROC / "meminfo").read_text().split(maxsplit=2)[1]
    return {
        "processor": ", ".join(sorted(models)),
        "cores": os.cpu_count() or 0,
        "memory_mb": int(memory) // 1024,
        "kernel": os.uname().release,
    }


def _threads(process: int) -> list[int]:
    try:
        return [int(each.name) for each in (_PROC / str(process) / "task").iterdir()]
    except OSError:
        return []


def _seconds(stat: Path) -> float:
    try:
        # The name in parentheses may hold spaces.
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK
