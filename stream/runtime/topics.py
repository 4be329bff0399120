"""The topics as the brokers have them, checked before anything is read."""

import logging
from typing import Final, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.connection import connection, explain

TIMEOUT_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class TopicsError(Exception):
    """The topics cannot be used (yet); the message says why and what to do."""


class Topics(NamedTuple):
    """What was found. partitions: of each input topic and of the changelog. home: names cluster and deployment."""

    partitions: int
    home: str


def check_topics(settings: Settings) -> Topics:
    """Raises TopicsError for unreachable brokers, a missing topic, partition counts that differ, a wrong clean-up."""
    names = TopicNames.of(settings.topics)
    inputs = [names.input(channel) for channel in settings.topics.inputs]
    heard: list[str] = []
    client = AdminClient(connection(settings.kafka) | {"error_cb": lambda error: heard.append(explain(error))})
    try:
        # All of them: asking for a topic by name would make it, with the broker's defaults, where brokers allow that.
        cluster = client.list_topics(timeout=TIMEOUT_SECONDS)
    except KafkaException as error:
        client.poll(0)  # hands over what the connection met: a refusal, a name without an entry, bad credentials
        raise TopicsError(f"{settings.kafka.bootstrap}: {heard[0] if heard else explain(error)}") from None
    counts: dict[str, int] = {}
    for topic in (*inputs, *names.outputs):
        found = cluster.topics.get(topic)
        if found is None:
            raise TopicsError(f"topic {topic} does not exist, or the user may not see it: create it, or add an ACL")
        if found.error is not None:
            raise TopicsError(f"topic {topic}: {explain(found.error)}")
        counts[topic] = len(found.partitions)
    partitioned = {topic: counts[topic] for topic in (*inputs, names.changelog)}
    if len(set(partitioned.values())) != 1:
        told = ", ".join(f"{topic} has {count}" for topic, count in partitioned.items())
        raise TopicsError(f"the input topics and the changelog must have the same number of partitions, but {told}")
    if cluster.controller_id in cluster.brokers:  # the in-process broker has none, and no configurations
        for topic in (names.changelog, names.latest):
            _check_compacted(client, topic)
    return Topics(counts[inputs[0]], f"{cluster.cluster_id} {names.prefix} {settings.application}")


def _check_compacted(client: AdminClient, topic: str) -> None:
    """A changelog that deletes by age loses the state of leads that were quiet for that long."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        found = client.describe_configs([resource], request_timeout=TIMEOUT_SECONDS)[resource].result()
    except KafkaException as error:
        log.info("topic %s: its clean-up policy could not be read (%s)", topic, explain(error))
        return
    policy = found["cleanup.policy"].value
    if policy != "compact":
        raise TopicsError(f"topic {topic} has cleanup.policy={policy}: set it to compact, or state is lost")
