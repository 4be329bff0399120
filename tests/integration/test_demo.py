"""The demo as its first users run it: a command in an empty directory, which nothing of survives."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest

DEMO: Final = (sys.executable, "-m", "leadpulse.main", "demo")
LIMIT_SECONDS: Final = 420.0
"""Cold kernels on a busy machine; on two idle cores it takes a minute."""
KEYS: Final = {
    "events",
    "events_per_second",
    "score_changes",
    "alerts",
    "dead_letters",
    "latency_ms",
    "model_versions",
    "seconds",
}


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a whole run printed, and the summary it wrote."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [*DEMO, "--summary", "figures/demo.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "figures" / "demo.json").read_text())


@pytest.mark.slow
def test_the_summary_has_the_agreed_figures_and_each_was_measured(
    demonstrated: tuple[str, dict[str, Any]],
) -> None:
    summary = demonstrated[1]
    assert set(summary) == KEYS
    assert set(summary["latency_ms"]) == {"p50", "p99"}
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"]
    assert summary["events"] > 50_000
    assert summary["score_changes"] >= 200
    assert summary["alerts"] >= 20
    assert summary["dead_letters"] > 0
    assert summary["model_versions"] == 2
    # Catching up is faster than the live stream, or there would be nothing to catch up with.
    assert summary["events_per_second"] > 1_000
    assert summary["seconds"] > 0


@pytest.mark.slow
def test_every_claim_is_checked_and_printed(demonstrated: tuple[str, dict[str, Any]]) -> None:
    printed = demonstrated[0]
    for claim in (
        "every event was taken once",
        "repeated events counted once",
        "broken events became dead letters",
        "each score change came once",
        "no alert came from the model swap",
        "there was something to see",
    ):
        assert f"✔  {claim}" in printed
    assert "AUC" in printed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_the_worker_never_outlives_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    demo = subprocess.Popen([*DEMO], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        worker = _only_child(demo.pid)
        demo.send_signal(number)
        demo.wait(120)
    finally:
        demo.kill()
        demo.wait()
    deadline = time.monotonic() + 60
    while _runs(worker):
        assert time.monotonic() < deadline, f"the worker, process {worker}, runs on"
        time.sleep(0.1)


def _only_child(parent: int) -> int:
    """The process that the demo starts first: its worker."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    if not children.exists():
        pytest.skip("this system has no /proc to find the worker by")
    deadline = time.monotonic() + 60
    while not (found := children.read_text().split()):
        assert time.monotonic() < deadline, "the demo started no worker"
        time.sleep(0.1)
    return int(found[0])


def _runs(process: int) -> bool:
    """Whether it lives; an orphan that ended may still wait to be buried."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
