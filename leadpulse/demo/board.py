"""What the display shows of a fast stream: a few leads and alerts a second, the most telling ones."""

import time
from collections import deque
from typing import Final

from leadpulse.demo.subscriber import Told

_EVERY_SECONDS: Final = 0.9
_KEPT: Final = 40


class Board:
    """The rows on show, the newest first."""

    def __init__(self, news: deque[Told]) -> None:
        self._news = news
        self._turned = 0.0
        self.leads: deque[Told] = deque(maxlen=_KEPT)
        self.alerts: deque[Told] = deque(maxlen=_KEPT)

    def turn(self) -> None:
        """Once a second: the largest rise, the largest fall and the strongest alert of those since."""
        if time.monotonic() - self._turned < _EVERY_SECONDS:
            return
        self._turned = time.monotonic()
        news = [self._news.popleft() for _ in range(len(self._news))]
        changes = [told for told in news if not told.text and told.before is not None and told.drivers]
        for group in ([told for told in changes if not told.up], [told for told in changes if told.up]):
            if group:
                self.leads.appendleft(max(group, key=_moved))
        alerts = [told for told in news if told.text]
        if alerts:
            self.alerts.appendleft(max(alerts, key=lambda told: told.rise))


def _moved(told: Told) -> float:
    return abs(told.now.log_odds - told.before.log_odds) if told.before is not None else 0.0
