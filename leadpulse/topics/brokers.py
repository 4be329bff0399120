"""Topics as the brokers have them, and steps of a plan carried out."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Final

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from leadpulse.topics.plan import Found, Step
from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.connection import connection

ANSWER_SECONDS: Final = 10.0
DONE_SECONDS: Final = 30.0


def look(settings: Settings) -> dict[str, Found]:
    """Those of the deployment that are there. Raises KafkaException."""
    names = TopicNames.of(settings.topics)
    wanted = {*map(names.input, names.inputs), *names.outputs, names.replayed}
    admin = AdminClient(connection(settings.kafka))
    cluster = admin.list_topics(timeout=ANSWER_SECONDS)
    there = {name: topic for name, topic in cluster.topics.items() if name in wanted}
    resources = {name: ConfigResource(ResourceType.TOPIC, name) for name in there}
    asked = admin.describe_configs([*resources.values()], request_timeout=ANSWER_SECONDS) if there else {}
    reader = Consumer(connection(settings.kafka) | {"group.id": f"{settings.application}-topics"})
    try:
        return {
            name: Found(
                len(topic.partitions),
                min([len(partition.replicas) for partition in topic.partitions.values()], default=0),
                _has_records(reader, name, [*topic.partitions]),
                {key: entry.value for key, entry in asked[resources[name]].result().items() if entry.value is not None},
            )
            for name, topic in there.items()
        }
    finally:
        reader.close()


def carry_out(settings: Settings, step: Step) -> None:
    """Does it, and waits until the brokers have. Raises KafkaException."""
    admin = AdminClient(connection(settings.kafka))
    if step.action == "create":
        new = NewTopic(step.topic, step.partitions, step.replicas, config=step.config)
        _wait(admin.create_topics([new], operation_timeout=DONE_SECONDS).values())
        return
    if step.action == "grow":
        more = NewPartitions(step.topic, step.partitions)
        _wait(admin.create_partitions([more], operation_timeout=DONE_SECONDS).values())
    if step.config:
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in step.config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, step.topic, incremental_configs=entries)
        _wait(admin.incremental_alter_configs([resource], request_timeout=DONE_SECONDS).values())


def _wait(answers: "Iterable[Future[None]]") -> None:
    for answer in answers:
        answer.result()


def _has_records(reader: Consumer, topic: str, partitions: Sequence[int]) -> bool:
    for partition in partitions:
        low, high = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_SECONDS)
        if low < high:
            return True
    return False
