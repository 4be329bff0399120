"""The topics as the brokers have them, checked before anything is read."""

import logging
from typing import Final, NamedTuple

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime.connection import connection, explain
from stream.runtime.partition_count import stored_count
from stream.runtime.partition_row import other_count

TIMEOUT_SECONDS: Final = 5.0
REMOVALS_KEPT_MS: Final = 86_400_000

log = logging.getLogger(__name__)


class TopicsError(Exception):
    """The topics cannot be used (yet); the message says why and what to do."""


class Topics(NamedTuple):
    """What was found. partitions: of each input topic and of the changelog. home: names cluster, deployment, changelog.

    A changelog that was deleted and made anew has another home, where the brokers give topics an id.
    """

    partitions: int
    home: str


def check_topics(settings: Settings) -> Topics:
    """Raises TopicsError for unreachable brokers, a missing topic, partition counts that differ, from topic to topic or
    from those of the state, and a wrong clean-up.
    """
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
    home = f"{cluster.cluster_id} {names.prefix} {settings.application}"
    if cluster.controller_id in cluster.brokers:  # the in-process broker has none, no configurations and no topic ids
        _check_compacted(client, names.changelog, REMOVALS_KEPT_MS)
        _check_compacted(client, names.latest, 0)
        home += _topic_id(client, names.changelog)
    _check_count(settings, names.changelog, counts[names.changelog])
    return Topics(counts[inputs[0]], home)


def _check_count(settings: Settings, changelog: str, partitions: int) -> None:
    """Before the group gives this worker anything: of partitions that were added it would find no state to object."""
    try:
        stored = stored_count(settings, changelog, partitions)
    except KafkaException as error:
        raise TopicsError(f"topic {changelog} could not be read: {explain(error)}") from None
    if stored is not None and stored != partitions:
        raise TopicsError(other_count(stored, partitions))


def _topic_id(client: AdminClient, topic: str) -> str:
    """With a space before it; nothing from brokers older than topic ids.

    A broker that does not answer is an error: taken for an older one, it would have the state thrown away and read
    anew, and once more at the next start.
    """
    try:
        found = client.describe_topics(TopicCollection([topic]), request_timeout=TIMEOUT_SECONDS)[topic].result()
    except KafkaException as error:
        raise TopicsError(f"topic {topic} could not be described: {explain(error)}") from None
    bits = found.topic_id.get_most_significant_bits(), found.topic_id.get_least_significant_bits()
    return f" {found.topic_id}" if any(bits) else ""


def _check_compacted(client: AdminClient, topic: str, removals_ms: int) -> None:
    """A changelog that deletes by age loses the state of leads that were quiet for that long. One that drops removals
    sooner than a worker reads everything anew brings back the state of leads that were forgotten.
    """
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        found = client.describe_configs([resource], request_timeout=TIMEOUT_SECONDS)[resource].result()
    except KafkaException as error:
        log.info("topic %s: its clean-up policy could not be read (%s)", topic, explain(error))
        return
    policy = found["cleanup.policy"].value
    if policy != "compact":
        raise TopicsError(f"topic {topic} has cleanup.policy={policy}: set it to compact, or state is lost")
    kept = found["delete.retention.ms"].value
    if kept is not None and int(kept) < removals_ms:
        raise TopicsError(
            f"topic {topic} has delete.retention.ms={kept}: set it to {removals_ms} (a day) or more, or leads "
            "that were forgotten come back"
        )
