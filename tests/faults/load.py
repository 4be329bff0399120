"""Records sent in the background at a steady rate, whatever happens to those who read them."""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tests.integration.topics import Input, Sent
from tests.integration.traffic import Arrival, sent
from tests.oracle.decisions import Trigger
from tests.oracle.matching import Event

_ROUNDS_A_SECOND: Final = 20


class Injected(NamedTuple):
    """A record to send. event: what it says, for the oracle; None where it is to become a dead letter for `reason`."""

    record: Sent
    event: Event | None
    reason: str = ""


class Delivered(NamedTuple):
    """A record that was sent, where it lies, and by when it lay there, by the monotonic clock."""

    injected: Injected
    trigger: Trigger
    when: float = 0.0


def good(topic: str, arrivals: Sequence[Arrival]) -> list[Injected]:
    """The arrivals as records of one topic, each of which the oracle is to judge."""
    return [Injected(record, each.event) for record, each in zip(sent(topic, arrivals), arrivals, strict=True)]


class Load:
    """Sends until everything is sent or it is halted. A producer that gets no answer waits, as producers do.

    delivered: what was, in order.
    """

    def __init__(self, inputs: Input, records: Iterable[Injected], rate: float) -> None:
        self.delivered: list[Delivered] = []
        self._inputs = inputs
        self._records = list(records)
        self._rate = rate
        self._halted = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it still sends."""
        return self._thread.is_alive()

    def finish(self) -> None:
        """Waits until everything is sent."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def halt(self) -> None:
        """Stops after what it is sending."""
        self._halted.set()
        self.finish()

    def _run(self) -> None:
        try:
            self._send()
        except BaseException as error:
            self._failure = error

    def _send(self) -> None:
        most = max(1, int(self._rate / _ROUNDS_A_SECOND))
        next_round = time.monotonic()
        for start in range(0, len(self._records), most):
            if self._halted.wait(max(0.0, next_round - time.monotonic())):
                return
            # From now on where a round was held up: the load is steady and makes up for nothing.
            next_round = max(next_round, time.monotonic() - 1) + most / self._rate
            batch = self._records[start : start + most]
            triggers = self._inputs.send([each.record for each in batch])
            now = time.monotonic()
            self.delivered += [Delivered(each, trigger, now) for each, trigger in zip(batch, triggers, strict=True)]
