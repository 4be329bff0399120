"""What the worker has committed, as it happens: the partition rows of the changelog, read by a thread of its own."""

import threading
import time
from typing import NamedTuple, Self

from confluent_kafka import Message

from stream.runtime import partition_row
from stream.runtime.partition_row import PartitionRow
from tests.integration.deployment import Deployment
from tests.integration.topics import Ends, Reader


class Step(NamedTuple):
    """A commit became visible in a partition. when: seconds of the monotonic clock."""

    when: float
    partition: int
    row: PartitionRow


class _PatientReader(Reader):
    """Goes on where brokers go away for a while."""

    def _take(self, message: Message) -> None:
        if message.error() is None:
            super()._take(message)


class Follow:
    """Reads the changelog from its beginning, as restoring workers do."""

    def __init__(self, deployment: Deployment) -> None:
        self.steps: list[Step] = []
        self._reader = _PatientReader(deployment.broker, deployment.names.changelog)
        self._newest: dict[int, PartitionRow] = {}
        self._failure: Exception | None = None
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._quit.set()
        self._thread.join()
        self._reader.close()

    def has(self, ends: Ends) -> bool:
        """Whether every input record up to these ends has been taken and committed."""
        return not self.behind(ends)

    def behind(self, ends: Ends) -> dict[tuple[str, int], int]:
        """How many records before these ends are not committed yet, where there are any."""
        if self._failure is not None:
            raise self._failure
        newest = dict(self._newest)
        found = {}
        for (topic, partition), end in ends.items():
            at = newest[partition].positions.get(topic, 0) if partition in newest else 0
            if at < end:
                found[topic, partition] = end - at
        return found

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:
            self._failure = error

    def _read(self) -> None:
        while not self._quit.is_set():
            self._reader.records.clear()
            for record in self._reader.read(0.1):
                if record.key == partition_row.KEY and record.value is not None:
                    row = partition_row.decode(record.value)
                    self._newest[record.partition] = row
                    self.steps.append(Step(time.monotonic(), record.partition, row))
