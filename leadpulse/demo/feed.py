"""Producing into the demo's topics: as fast as the worker follows, or at a steady rate."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from leadpulse.demo.child import Child, DemoError
from leadpulse.demo.pages import Counts, Pages
from leadpulse.demo.subscriber import Subscriber
from leadpulse.simulator import Record
from leadpulse.simulator.delivery import DeliveryError, produce
from schemas.times import DAY, format_time

# The in-process broker drops the oldest records of a partition beyond 5 MB: an event takes some 200 bytes, a score
# change up to 3,000, and most events are in one topic of four partitions.
_UNTAKEN: Final = 12_000
_UNREAD: Final = 3_000
_AHEAD: Final = 3 * DAY
"""Of a backlog, the worker may read one topic before another. An event more than eight days older than its lead's
latest is a dead letter, so no more simulated time than this lies in the topics at once.
"""
_MARK_EVERY: Final = 50
_PAUSE_SECONDS: Final = 0.05
_STALLED_SECONDS: Final = 180.0


class Feed:
    """The only producer of input. `told` is called now and then, for a display."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        worker: Child,
        pages: Pages,
        subscriber: Subscriber,
        told: Callable[[], None],
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._worker = worker
        self._pages = pages
        self._subscriber = subscriber
        self._told = told
        self._marks: deque[tuple[int, int]] = deque()
        self._advanced = time.monotonic()
        self._seen = (0, 0)
        self.counts = Counts.none()
        """The worker's counters when they were last looked at."""
        self.produced = 0

    def flood(self, records: Iterator[Record]) -> None:
        """Produces as fast as the worker takes, ahead of it by no more than the broker keeps."""
        self._produce(self._held_back(records), None, lambda _: None)

    def pace(self, records: Iterator[Record], rate: float, script: Iterator[None]) -> None:
        """Produces a record for each turn of the script, so many a second, and times each score change."""
        # Drawn only to be produced: what the market notes as injected must have been sent.
        self._produce(
            self._held_back(record for _ in script if (record := next(records, None)) is not None),
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
        looked = time.monotonic()
        for record in records:
            if self.produced % _MARK_EVERY == 0:
                self._marks.append((self.produced, record.time))
                if time.monotonic() - looked > _PAUSE_SECONDS or self._too_far_ahead(record):
                    self._look()
                    looked = time.monotonic()
                while self._too_far_ahead(record):
                    time.sleep(_PAUSE_SECONDS)
                    self._look()
            yield record

    def _too_far_ahead(self, record: Record) -> bool:
        """Whether producing this record would ask too much of broker, worker or subscriber."""
        while len(self._marks) > 1 and self._marks[1][0] <= self.counts.records:
            self._marks.popleft()
        far = record.time - self._marks[0][1] > _AHEAD
        return far or self.produced - self.counts.records > _UNTAKEN or self._unread() > _UNREAD

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
