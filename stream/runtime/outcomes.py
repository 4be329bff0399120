"""What a client's error means for the worker: one of five outcomes, the same as in the table of docs/delivery.md."""

from enum import Enum
from typing import Final

from confluent_kafka import KafkaError

TRANSACTION_SECONDS: Final = 10.0
"""After so long the brokers roll an open transaction back by themselves, and refuse its producer from then on."""

_FENCED: Final = (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED)
_MEMBERSHIP: Final = (
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.STALE_MEMBER_EPOCH,
    KafkaError.FENCED_MEMBER_EPOCH,
)
_REFUSED: Final = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.INVALID_TRANSACTION_TIMEOUT,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.UNSUPPORTED_VERSION,
)
_PURGED: Final = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)
_AWAY: Final = (KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN)


class Outcome(Enum):
    """What to do."""

    RETRY = "ask again"
    ABORT = "roll the epoch back with the same producer, and take its records again"
    GIVE_UP = "as ABORT; the group is about to take partitions away, or has done so"
    REBUILD = "a new producer, and every partition anew from what the changelog says was committed"
    STOP = "only a person can mend it"


class Aborted(Exception):
    """Nothing of the epoch counts, and the producer can go on."""

    def __init__(self, text: str, passing: bool) -> None:
        """`passing`: healthy workers meet it, between two generations of the group or right after another abort."""
        super().__init__(text)
        self.passing = passing


class Broken(Exception):
    """It is not known what became of the epoch, or the producer is of no more use. `open` makes a new one."""


class Stopped(Exception):
    """To go on would not help; the message says what would."""


def judge(error: KafkaError, age: float) -> Outcome:
    """`age`: for how many seconds the transaction has been open.

    The brokers refuse the producer of a transaction that was open for too long just as they refuse that of a process
    whose name another has taken. The age tells them apart: a worker that fought its namesake would never end.
    """
    code = error.code()
    if code in _FENCED:
        return Outcome.REBUILD if age >= TRANSACTION_SECONDS else Outcome.STOP
    if error.fatal():
        return Outcome.STOP if code in _REFUSED else Outcome.REBUILD
    if code in _MEMBERSHIP:
        return Outcome.GIVE_UP
    if error.retriable() and not error.txn_requires_abort():
        return Outcome.RETRY
    return Outcome.ABORT


def is_purged(error: KafkaError) -> bool:
    """Whether a record is not to blame: it was rolled back along with others."""
    return error.code() in _PURGED


def is_passing(error: KafkaError) -> bool:
    """Whether healthy workers meet it, and it goes away by itself, however often it comes."""
    return error.retriable() or error.code() in (*_MEMBERSHIP, *_PURGED, *_AWAY)
