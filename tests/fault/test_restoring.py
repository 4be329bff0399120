"""Restoring while the changelog loses the place to go on from, and no broker answers at that moment."""

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from stream.runtime import restore
from stream.runtime.metrics import Metrics
from stream.runtime.restore import Restorer
from stream.runtime.store import Marker, Store
from tests.integration.deployment import Broker, deploy

ROWS = 100


class ForgetfulEnds(Consumer):
    """The client's own consumer, which is told once of offsets that are gone by then, and once of none."""

    answers: list[tuple[int, int] | KafkaException]

    def get_watermark_offsets(self, partition: TopicPartition, *others: Any, **options: Any) -> Any:
        if partition.partition == 0 and self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, KafkaException):
                raise answer
            return answer
        return super().get_watermark_offsets(partition, *others, **options)


def test_a_partition_whose_place_is_gone_is_read_anew_and_the_others_lose_nothing(
    mock_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(mock_kafka, tmp_path, request.node.name)
    deployment.create_topics()
    topic = deployment.names.changelog
    producer = Producer({"bootstrap.servers": mock_kafka.bootstrap})
    for partition in (0, 1):
        for number in range(ROWS):
            producer.produce(topic, b"row", b"lead %d" % number, partition=partition)
    assert producer.flush(20) == 0
    unanswered = KafkaException(KafkaError(KafkaError._TIMED_OUT))
    monkeypatch.setattr(ForgetfulEnds, "answers", [(0, ROWS * 10), unanswered], raising=False)
    monkeypatch.setattr(restore, "Consumer", ForgetfulEnds)

    store = Store(tmp_path / "store")
    store.write({0: ({b"of before": b"row"}, Marker(ROWS * 5, None, None))})  # an offset that the topic does not have
    restorer = Restorer(deployment.settings, topic, store, Metrics())
    finished: dict[int, Marker] = {}
    missed = 0
    restorer.begin(0)
    restorer.begin(1)
    for _ in range(400):
        try:
            restorer.step(finished.__setitem__)
        except KafkaException:
            missed += 1
        if len(finished) == 2:
            break
    restorer.close()

    assert missed == 1
    assert {partition: marker.offset for partition, marker in finished.items()} == {0: ROWS, 1: ROWS}
    for partition in (0, 1):
        assert dict(store.all_rows(partition)) == {b"lead %d" % number: b"row" for number in range(ROWS)}
    store.close()
