"""Producing into the demo's topics: as fast as the worker follows, or at a steady rate."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from leadpulse.demo.child import Child, DemoError
from leadpulse.demo.pages import Counts, Pages
from leadpulse.demo.subscriber import Subscriber
from leadpulse.simulator import Record
from leadpulse.simulator.delivery import DeliveryError, produce
from schemas.times import format_time

# The in-process broker drops the oldest records of a partition beyond 5 MB: an event takes some 200 bytes, a score
# change up to 3,000, and most events are in one topic of four partitions.
_MOST_UNTAKEN: Final = 12_000
_UNREAD: Final = 3_000
_AHEAD_DAYS: Final = 3
"""Of a backlog, the worker may read one topic before another. An event more than eight days older than its lead's
latest is a dead letter, so no more than this lies in the topics at a time.
"""
_LOOK_EVERY: Final = 250
_PAUSE_SECONDS: Final = 0.05
_STALLED_SECONDS: Final = 180.0


class Feed:
    """The only producer of input. `told` is called now and then, for a display."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        daily: float,
        worker: Child,
        pages: Pages,
        subscriber: Subscriber,
        told: Callable[[], None],
    ) -> None:
        """`daily`: how many events a simulated day has."""
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._untaken = min(_MOST_UNTAKEN, int(_AHEAD_DAYS * daily))
        self._worker = worker
        self._pages = pages
        self._subscriber = subscriber
        self._told = told
        self._advanced = time.monotonic()
        self._seen = (0, 0)
        self.counts = Counts.none()
        """The worker's counters when they were last looked at."""
        self.produced = 0

    def flood(self, records: Iterator[Record]) -> None:
        """Produces as fast as the worker takes, ahead of it by no more than the broker keeps."""
        self._produce(self._held_back(records), None, lambda _: None)

    def pace(self, records: Iterator[Record], rate: float, enough: Callable[[], bool]) -> None:
        """Produces so many events a second until there is enough of them, timing each score change."""
        self._produce(
            self._held_back(_while_wanted(records, enough)),
            rate,
            lambda record: self._subscriber.expect(record.key.decode(), format_time(record.time)),
        )

    def settle(self) -> None:
        """Waits until everything produced is taken and committed, and every output of it read."""
        while not self._settled():
            self._look()
            time.sleep(_PAUSE_SECONDS)

    def look(self) -> None:
        """Reads the worker's counters; raises DemoError where worker or subscriber have failed."""
        self._advanced = time.monotonic()
        self._look()

    def _settled(self) -> bool:
        return self.counts.records == self.produced and self._unread() == 0

    def _unread(self) -> int:
        read = self._subscriber.outputs
        return sum(self.counts.outputs[kind] - read[kind] for kind in ("change", "alert", "dead-letter"))

    def _produce(self, records: Iterator[Record], rate: float | None, expect: Callable[[Record], None]) -> None:
        def told(record: Record) -> None:
            self.produced += 1
            expect(record)

        self._advanced = time.monotonic()
        try:
            produce(records, self._bootstrap, self._prefix, rate, told)
        except DeliveryError as error:
            raise DemoError(str(error)) from error

    def _held_back(self, records: Iterator[Record]) -> Iterator[Record]:
        looked = 0.0
        for number, record in enumerate(records):
            if number % _LOOK_EVERY == 0 and time.monotonic() - looked > _PAUSE_SECONDS:
                self._look()
                while self.produced - self.counts.records > self._untaken or self._unread() > _UNREAD:
                    time.sleep(_PAUSE_SECONDS)
                    self._look()
                looked = time.monotonic()
            yield record

    def _look(self) -> None:
        self._worker.check_alive()
        if self._subscriber.error is not None:
            raise DemoError(f"the subscriber stopped: {self._subscriber.error}")
        try:
            counts = self._pages.counts()
            seen = (counts.records, self._subscriber.outputs.total())
            if seen != self._seen:
                self._seen, self._advanced = seen, time.monotonic()
            self.counts = counts
        except OSError:
            pass  # while it compiles, the worker answers nothing
        if time.monotonic() - self._advanced > _STALLED_SECONDS:
            raise self._worker.failure(f"has taken nothing for {_STALLED_SECONDS:.0f} seconds")
        self._told()


def _while_wanted(records: Iterator[Record], enough: Callable[[], bool]) -> Iterator[Record]:
    """Takes a record only to give it away, so that what was drawn from the market was produced."""
    while not enough() and (record := next(records, None)) is not None:
        yield record
