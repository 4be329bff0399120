"""What the display shows: the demo's steps, and figures that move."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

STEPS: Final = ("history", "training", "worker", "catch-up", "rules", "swap", "model", "checks")
_RATE_SECONDS: Final = 3.0


@dataclass
class Step:
    """One step. ended: None while it runs; began: None before."""

    name: str
    note: str = ""
    began: float | None = None
    ended: float | None = None

    @property
    def seconds(self) -> float:
        if self.began is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.began


@dataclass
class Figures:
    """Counts so far. model: kind and digest of the one in force."""

    events: int = 0
    outputs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    model: str = ""


class Progress:
    """Steps and figures; written by the demo's thread, read by the display's."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._past: deque[tuple[float, int]] = deque([(self._began, 0)])
        self.steps = {name: Step(name) for name in STEPS}
        self.figures = Figures()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def begin(self, name: str, note: str) -> None:
        step = self.steps[name]
        step.note, step.began = note, time.monotonic()

    def end(self, name: str, note: str) -> None:
        step = self.steps[name]
        step.note, step.ended = note, time.monotonic()

    def note(self, figures: Figures) -> None:
        """Takes the latest figures."""
        self.figures = figures
        now = time.monotonic()
        self._past.append((now, figures.events))
        while now - self._past[0][0] > _RATE_SECONDS and len(self._past) > 2:
            self._past.popleft()

    def rate(self) -> float:
        """Events a second, over the last seconds."""
        (begin, before), (end, after) = self._past[0], self._past[-1]
        return (after - before) / (end - begin) if end > begin else 0.0
