"""The figures at the end: measured in this run, on this machine."""

import json
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadpulse.demo.verdicts import Verdict
from schemas.manifest import ModelManifest

LEAST_CHANGES: Final = 200
LEAST_ALERTS: Final = 20
LEAST_MODELS: Final = 2


class Summary(NamedTuple):
    """What `--summary` writes.

    events: records taken by the worker. events_per_second: of the catch-up, from the first record produced to the last
    output read. latency_ms: from producing an event to reading its score change at a steady rate, the swap included.
    model_versions: how many models scored. seconds: the whole demo.
    """

    events: int
    events_per_second: float
    score_changes: int
    alerts: int
    dead_letters: int
    latency_ms: dict[str, float]
    model_versions: int
    seconds: float

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self._asdict(), indent=2) + "\n", encoding="utf-8")

    def enough(self) -> Verdict:
        """Whether there was something to see."""
        return Verdict(
            self.score_changes >= LEAST_CHANGES
            and self.alerts >= LEAST_ALERTS
            and self.model_versions >= LEAST_MODELS
            and bool(self.latency_ms),
            "there was something to see",
            f"{self.score_changes:,} changes, {self.alerts:,} alerts, {self.model_versions} models",
        )


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds; nothing where nothing was measured."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {f"p{share}": round(1000 * ordered[(len(ordered) - 1) * share // 100], 1) for share in (50, 99)}


def judgement(manifest: ModelManifest) -> str:
    """How the model did on later leads; slope: of the calibration, at best 1."""
    test = manifest.metrics["test"]
    area, lift, slope = (test[name] for name in ("auc", "lift_top_10", "calibration_slope"))
    return (
        f"AUC {area['value']:.2f} ({area['low']:.2f}-{area['high']:.2f}), lift {lift['value']:.1f}, "
        f"slope {slope['value']:.2f} ({slope['low']:.2f}-{slope['high']:.2f})"
    )


def show(console: Console, summary: Summary, measured: str, verdicts: list[Verdict]) -> None:
    """Prints figures and verdicts; `measured` says how the latency was measured."""
    figures = Table.grid(padding=(0, 3, 0, 0))
    latency = ", ".join(f"{name} {value:.0f} ms" for name, value in summary.latency_ms.items()) or "not measured"
    for name, value, meaning in (
        ("events", f"{summary.events:,}", ""),
        ("events a second", f"{summary.events_per_second:,.0f}", "catching up, every output read"),
        ("latency", latency, measured),
        ("score changes", f"{summary.score_changes:,}", ""),
        ("alerts", f"{summary.alerts:,}", ""),
        ("dead letters", f"{summary.dead_letters:,}", ""),
        ("models", f"{summary.model_versions}", "rules, then trained, one process"),
        ("seconds", f"{summary.seconds:.0f}", ""),
    ):
        figures.add_row(name, Text(value, "bold"), Text(meaning, "dim"))
    console.print(figures)
    console.print()
    checks = Table.grid(padding=(0, 2, 0, 0))
    for verdict in verdicts:
        sign = Text("✔", "green") if verdict.holds else Text("✘ FAILED", "bold red")
        checks.add_row(sign, verdict.claim, Text(verdict.found, "dim"))
    console.print(checks)
