"""The topics as the brokers have them, checked before anything is read."""

from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.connection import connection, explain

TIMEOUT_SECONDS = 5.0


class TopicsError(Exception):
    """The topics cannot be used (yet); the message says why and what to do."""


class Topics(NamedTuple):
    """What was found: how many partitions each input topic and the changelog have."""

    partitions: int


def check_topics(settings: Settings) -> Topics:
    """Raises TopicsError for unreachable brokers, a missing topic, and partition counts that differ."""
    names = TopicNames.of(settings.topics)
    inputs = [names.input(channel) for channel in settings.topics.inputs]
    heard: list[str] = []
    client = AdminClient(connection(settings.kafka) | {"error_cb": lambda error: heard.append(explain(error))})
    counts: dict[str, int] = {}
    for topic in (*inputs, *names.outputs):
        try:
            found = client.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic]
        except KafkaException as error:
            client.poll(0)  # hands over what the connection met: a refusal, a name without an entry, bad credentials
            raise TopicsError(f"{settings.kafka.bootstrap}: {heard[0] if heard else explain(error)}") from None
        if found.error is not None:
            raise TopicsError(f"topic {topic}: {explain(found.error)}")
        counts[topic] = len(found.partitions)
    partitioned = {topic: counts[topic] for topic in (*inputs, names.changelog)}
    if len(set(partitioned.values())) != 1:
        told = ", ".join(f"{topic} has {count}" for topic, count in partitioned.items())
        raise TopicsError(f"the input topics and the changelog must have the same number of partitions, but {told}")
    return Topics(counts[inputs[0]])
