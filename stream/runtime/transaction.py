"""Exactly once: the commit of an epoch as one transaction, and every way in which it can end."""

import math
import time
from typing import Any, Final, NoReturn

from confluent_kafka import Consumer, KafkaError, KafkaException

from schemas.settings import Settings
from stream.runtime.connection import explain, transactional_producer
from stream.runtime.epoch import Epoch
from stream.runtime.outbox import Outbox
from stream.runtime.outcomes import TRANSACTION_SECONDS, Aborted, Broken, Outcome, Stopped, is_passing, is_purged, judge
from stream.runtime.store import Store

OPEN_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = TRANSACTION_SECONDS
"""How long a commit may take before a new producer is worth more: then the brokers roll it back anyway."""
OFFSETS_SECONDS: Final = 5.0
"""For each of two answers. Over a restart of the broker the client waits for one that a new client gets at once."""
ABORT_SECONDS: Final = 5.0
ABORT_AGAIN_SECONDS: Final = 0.25
"""Records that are queued again while the client purges those of a rollback are purged by the next call alone: one in
35 refused transactions had such (librdkafka 2.16), and the first call waits for them in vain.
"""


class Transactions:
    """The one owner of the producer. Every call but `abandon` comes from the transaction thread."""

    poll_records = 16_000
    sends_offsets = True
    most_records: float = math.inf
    gathers = 1.0

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._box: Outbox | None = self._make()
        self._began = self._deadline = 0.0

    @staticmethod
    def group_of(consumer: Consumer) -> Any:
        """The group's generation, which fences a worker that lost its partitions."""
        return consumer.consumer_group_metadata()

    def open(self) -> None:
        """Fences any earlier owner of this worker's transactional id, with a new producer where the last one broke.
        When it returns, what became of every transaction before is decided. Raises KafkaException; may be called again.
        """
        if self._box is None:
            self._box = self._make()
        self._box.producer.init_transactions(OPEN_SECONDS)

    def commit(self, epoch: Epoch, group: Any) -> None:
        """Makes the epoch visible whole or not at all. Raises Aborted, Broken, Stopped, and StoreError at step 6.

        1. begin the transaction
        2. outputs: changes, latest scores, alerts, dead letters
        3. changelog: each partition's lead rows, then its partition row
        4. input positions, with the group's generation, which fences a worker that lost its partitions
        5. commit
        6. the local store, in one write: it is always as of a commit
        """
        box = self._box
        assert box is not None, "open was not called after Broken"
        self._began = time.monotonic()
        self._deadline = self._began + PATIENCE_SECONDS
        box.begin(self._deadline)
        try:
            box.producer.begin_transaction()  # 1
            box.produce_outputs(epoch)  # 2
            box.produce_rows(epoch)  # 3
            box.producer.send_offsets_to_transaction(box.positions(epoch), group, OFFSETS_SECONDS)  # 4
            box.wait()
        except (KafkaException, BufferError) as error:
            self._roll_back(box, error)
        self._commit(box)  # 5
        box.keep(epoch, self._store)  # 6

    def abandon(self) -> None:
        """Where a call hangs. The next `open` fences the producer that it hangs in."""
        box, self._box = self._box, None
        if box is not None:
            box.discard()

    def close(self) -> None:
        """Lets the client's threads end. An open transaction is left to the next owner's `open`."""
        if self._box is not None:
            self._box.producer.poll(0)

    def _make(self) -> Outbox:
        return Outbox(self._settings, transactional_producer(self._settings), watch_rows=False)

    def _commit(self, box: Outbox) -> None:
        while True:
            try:
                box.producer.commit_transaction(max(1.0, self._deadline - time.monotonic()))
                return
            except KafkaException as error:
                cause = error.args[0]
                if cause.txn_requires_abort():
                    self._roll_back(box, error)
                # Such an error leaves the commit under way: asking again is the only way to learn its outcome.
                if self._judge(cause) is Outcome.RETRY and time.monotonic() < self._deadline:
                    continue
                self._break(box, cause, f"the outcome of a commit is unknown ({explain(error)})", error)

    def _roll_back(self, box: Outbox, error: KafkaException | BufferError) -> NoReturn:
        cause = error.args[0] if isinstance(error, KafkaException) else None
        reason = explain(error) if isinstance(error, KafkaException) else str(error)
        if cause is not None:
            outcome = self._judge(cause)
            # No broker has answered for so long that to ask for the rollback is to wait for nothing: `open` sees to it.
            if outcome in (Outcome.REBUILD, Outcome.STOP) or time.monotonic() > self._deadline:
                self._break(box, cause, reason, error)
        try:
            _abort(box)
        except KafkaException as second:
            self._break(box, second.args[0], f"{explain(second)}, while rolling back after {reason}", error)
        box.producer.poll(0)
        # A refused record also makes the client refuse the next call; the refusal is what a person must know. What the
        # client purges along with the records of an aborted transaction was not refused.
        blamed = cause
        if box.failed is not None and not is_purged(box.failed):
            blamed, reason = box.failed, f"topic {box.refused_by}: {explain(box.failed)}"
        raise Aborted(reason, blamed is not None and is_passing(blamed)) from error

    def _break(self, box: Outbox, cause: KafkaError, text: str, error: Exception) -> NoReturn:
        """The producer is of no more use: its threads and connections end here."""
        if box is self._box:  # not given up before
            self._box = None
            box.discard()
        raise (Stopped if self._judge(cause) is Outcome.STOP else Broken)(text) from error

    def _judge(self, error: KafkaError) -> Outcome:
        return judge(error, time.monotonic() - self._began)


def _abort(box: Outbox) -> None:
    """Raises KafkaException."""
    deadline = time.monotonic() + ABORT_SECONDS
    while True:
        try:
            box.producer.abort_transaction(ABORT_AGAIN_SECONDS)
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise
