"""librdkafka's mock cluster: a Kafka for tests and demonstrations that needs nothing installed.

It speaks the protocol to any client, in this process or another, over ports of its own. A topic is created when a
client first asks for it, always with four partitions; topics cannot be created by request.

It proves no guarantee. Records of open and of aborted transactions are visible to every reader, offsets that are
committed in a transaction are not kept, a second producer of the same transactional id does not fence the first, and
all data ends with the cluster. A partition keeps its newest 5 MB and 100,000 records: a reader must not fall behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Producer

PARTITIONS: Final = 4
_ANSWER_SECONDS: Final = 10.0


class InProcessKafka:
    """The mock cluster of one producer, for as long as the `with` block lasts."""

    def __init__(self, brokers: int = 1) -> None:
        self._brokers = brokers
        self._producer: Producer | None = None
        self._bootstrap = ""

    @property
    def bootstrap(self) -> str:
        """The value for `bootstrap.servers`."""
        return self._bootstrap

    def touch(self, topics: Iterable[str]) -> None:
        """Brings the topics into being, each with `PARTITIONS` partitions."""
        assert self._producer is not None, "enter the cluster first"
        for topic in topics:
            self._producer.list_topics(topic, timeout=_ANSWER_SECONDS)

    def __enter__(self) -> Self:
        # The cluster belongs to this client and ends with it, so the client is held here and used for nothing else.
        # The log level drops the notice that this is a mock: whoever enters here knows.
        self._producer = Producer({"test.mock.num.brokers": self._brokers, "log_level": 4})
        known = self._producer.list_topics(timeout=_ANSWER_SECONDS).brokers.values()
        self._bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in known)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer = None
        self._bootstrap = ""
