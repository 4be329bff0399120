"""One lead: which of its events count, and what is known after each."""

from typing import Final, Literal

import numpy as np

from tests.oracle.durations import HOUR
from tests.oracle.events import Said, Settings, read
from tests.oracle.features import vector
from tests.oracle.matching import Event

LATE_HOURS: Final = 192
NOTABLE_KEPT: Final = 8

Verdict = Literal["counted", "duplicate", "late", "nothing"]


class Lead:
    """Takes the events of one lead in the order of arrival."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counted: list[Said] = []
        self._ids: list[tuple[str, int]] = []

    @property
    def as_of(self) -> int:
        """The time of the latest counted event; there must be one."""
        return max(said.time for said in self.counted)

    @property
    def converted(self) -> bool:
        """Whether the outcome is among the counted events."""
        return any(said.outcome for said in self.counted)

    def arrive(self, event: Event) -> Verdict:
        """Takes an event in, or says why not."""
        said = read(self.settings, event)
        if said.nothing:
            return "nothing"
        if self.counted and said.time // HOUR < self.as_of // HOUR - LATE_HOURS:
            return "late"
        for identifier, time in self._ids:
            if identifier == event["id"] and time // HOUR >= self.as_of // HOUR - LATE_HOURS:
                return "duplicate"
        self.counted.append(said)
        self._ids.append((event["id"], said.time))
        return "counted"

    def vector(self, now: int | None = None) -> list[np.float32]:
        """The features as of the latest counted event, or of a later instant."""
        return vector(self.settings, self.counted, self.as_of if now is None else now)

    def notable(self) -> list[tuple[int, int]]:
        """Time and number of the latest notable occurrences, oldest first."""
        numbers = {each["name"]: each["number"] for each in self.settings["observed"]["signals"] if each.get("notable")}
        occurrences = [(said.time, numbers[name]) for said in self.counted for name in said.signals if name in numbers]
        return sorted(occurrences)[-NOTABLE_KEPT:]
