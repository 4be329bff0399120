"""At least once, for brokers without transactions: what an epoch writes can come twice, and none of it is lost.

The partition row is a partition's last record of an epoch. Where a worker dies before it, the next goes on from the row
before; what it then meets again is a repetition for the leads whose rows were written, whose outputs had been delivered
before, and is scored again for the others, with the same ids.
"""

import math
import time
from threading import Thread
from typing import Final, NoReturn

from confluent_kafka import Consumer, KafkaError, KafkaException

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.core.lead import IDS_KEPT
from stream.runtime.connection import explain, idempotent_producer
from stream.runtime.epoch import Epoch
from stream.runtime.membership import Membership
from stream.runtime.outbox import Outbox
from stream.runtime.outcomes import Broken, Outcome, Stopped, judge
from stream.runtime.store import Store

OPEN_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 10.0


class AtLeastOnce:
    """The one owner of the producer. Every call but `abandon` comes from the transaction thread."""

    # With one more poll all of an epoch may be one lead's, of which so many ids are remembered.
    poll_records = IDS_KEPT // 2
    most_records: float = IDS_KEPT - poll_records
    gathers = 0.5  # an epoch costs the brokers half of what it does with a transaction
    sends_offsets = False

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._changelog = TopicNames.of(settings.topics).changelog
        self._membership = Membership(settings)
        self._box: Outbox | None = None
        self._ending: Thread | None = None
        self._deadline = 0.0

    @staticmethod
    def group_of(consumer: Consumer) -> str:
        """What the group knows this worker by, as of an assignment."""
        return consumer.memberid() or ""

    def open(self) -> None:
        """A new producer where there is none. Raises KafkaException where no broker answers; may be called again."""
        if self._ending is not None:
            self._ending.join(OPEN_SECONDS)
            if self._ending.is_alive():  # what it still has on its way must not come after the restore
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the last producer has not ended yet"))
            self._ending = None
        if self._box is None:
            self._box = Outbox(self._settings, idempotent_producer(self._settings), watch_rows=True)
        self._box.producer.list_topics(self._changelog, timeout=OPEN_SECONDS)

    def commit(self, epoch: Epoch, group: str) -> None:
        """Writes all of the epoch. Raises Aborted, Broken or Stopped; StoreError where step 5 fails.

        1. the group counts this worker among its members, or did so a moment ago
        2. outputs: changes, latest scores, alerts, dead letters; until all are delivered
        3. as 1: a worker that was stopped meanwhile must not overwrite what others wrote
        4. changelog: each partition's lead rows, then its partition row; until all are delivered
        5. the local store, in one write

        The group's offsets, which only tell others how far this is, are for the poll thread to send afterwards: the
        client lets one thread at a time use a consumer, and that one may be waiting for this commit.
        """
        box = self._box
        assert box is not None, "open was not called"
        self._deadline = time.monotonic() + PATIENCE_SECONDS
        box.begin(self._deadline)
        try:
            self._membership.check(group, self._deadline)  # 1
            box.produce_outputs(epoch)  # 2
            box.wait()
            self._membership.check(group, self._deadline)  # 3
            box.produce_rows(epoch)  # 4
            box.wait()
        except (KafkaException, BufferError) as error:
            self._break(box, error)
        box.keep(epoch, self._store)  # 5

    def abandon(self) -> None:
        """Where a call hangs. What was on its way is delivered or given up by then, as `message.timeout.ms` says."""
        box, self._box = self._box, None
        if box is not None:
            self._ending = box.discard()

    def close(self) -> None:
        """Lets the client's threads end."""
        if self._box is not None:
            self._box.producer.poll(0)

    def _break(self, box: Outbox, error: KafkaException | BufferError) -> NoReturn:
        """Some of the epoch may be written, so what the changelog has is what counts."""
        if box is self._box:  # not given up before
            self._box = None
            self._ending = box.discard()
        if isinstance(error, KafkaException):
            stops = judge(error.args[0], math.inf) is Outcome.STOP
            raise (Stopped if stops else Broken)(explain(error)) from error
        raise Broken(str(error)) from error
