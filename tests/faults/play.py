"""Plays one row and tells what became of it, whatever happens on the way."""

import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Final

from tests.faults.catalogue import ROWS, Row
from tests.faults.outcome import Outcome
from tests.faults.stage import AT_LEAST_ONCE, Conditions
from tests.faults.turns import Turn
from tests.integration.deployment import Broker, deploy, few_features
from tests.integration.process import WorkerProcess

COLD_SECONDS: Final = 300.0


def warm_up(broker: Broker, directory: Path) -> None:
    """A worker that starts once and ends: with cold kernels the first row would measure the compiler."""
    deployment = deploy(broker, directory, "warm up", topics={"inputs": ["web"]}, features=few_features())
    deployment.create_topics()
    with WorkerProcess(deployment) as worker:
        worker.start()
        worker.wait_ready(COLD_SECONDS)
        worker.stop()


def play_apart(broker: Broker, directory: Path, number: int, turn: Turn, *, short: bool, guarantee: str) -> Outcome:
    """A row in a process of its own. Told to end it ends in order, so that workers, brokers and mounts end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return play(ROWS[number], broker, directory, short=short, guarantee=guarantee, turn=turn)


def play(
    row: Row, broker: Broker, directory: Path, *, short: bool, guarantee: str, turn: Turn | None = None
) -> Outcome:
    """directory: of all rows; the workers' logs and settings stay in a folder of its own below it. turn: where other
    rows are played too.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"row-{row.number}-", dir=directory))
    turn = turn or Turn()
    turn.take()
    began = time.monotonic()
    try:
        played = row.play(Conditions(broker, folder, short, guarantee, turn))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error).splitlines() or [""]
        told = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}: {said[0]}"
        told += f" ... {said[-1][:300]}" if len(said) > 1 else ""
        return Outcome(row.number, row.fault, None, None, None, None, False, told)
    findings = played.findings
    twice = 0 if guarantee == AT_LEAST_ONCE else findings.duplicated
    passed = not findings.complaints and findings.lost == 0 and twice == 0
    told = "; ".join([*findings.complaints, *findings.notes, f"played and judged in {time.monotonic() - began:.0f} s"])
    recovered = None if played.recovered_seconds is None else round(played.recovered_seconds, 2)
    return Outcome(row.number, row.fault, played.events, findings.lost, findings.duplicated, recovered, passed, told)
