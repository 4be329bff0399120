"""The topics as the brokers have them, checked before anything is read."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclOperation,
    AdminClient,
    ConfigResource,
    ResourceType,
    TopicDescription,
)

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
    ids: of the input topics, each with its cluster's; none where the brokers give topics no id.

    A changelog that was deleted and made anew has another home, an input topic another id.
    """

    partitions: int
    home: str
    ids: dict[str, str]


def check_topics(settings: Settings) -> Topics:
    """Raises TopicsError for unreachable brokers, a missing topic or right, partition counts that differ, from topic to
    topic or from those of the state, and a wrong clean-up.
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
    ids: dict[str, str] = {}
    if cluster.controller_id in cluster.brokers:  # the in-process broker has none, no configurations and no topic ids
        _check_compacted(client, names.changelog, REMOVALS_KEPT_MS)
        _check_compacted(client, names.latest, 0)
        described = _described(client, [*inputs, *names.outputs])
        _check_rights(described, read=[*inputs, names.changelog], written=names.outputs)
        home += _topic_id(described[names.changelog])
        found_ids = {topic: _topic_id(described[topic]) for topic in inputs}
        ids = {topic: f"{cluster.cluster_id}{found}" for topic, found in found_ids.items() if found}
    _check_count(settings, names.changelog, counts[names.changelog])
    return Topics(counts[inputs[0]], home, ids)


def check_reading(settings: Settings, topics: Sequence[str]) -> None:
    """Raises TopicsError where one of them may not be read, or where that cannot be asked."""
    _check_rights(_described(AdminClient(connection(settings.kafka)), topics), read=topics, written=())


def _check_count(settings: Settings, changelog: str, partitions: int) -> None:
    """Before the group gives this worker anything: of partitions that were added it would find no state to object."""
    try:
        stored = stored_count(settings, changelog, partitions)
    except KafkaException as error:
        raise TopicsError(f"topic {changelog} could not be read: {explain(error)}") from None
    if stored is not None and stored != partitions:
        raise TopicsError(other_count(stored, partitions))


def _described(client: AdminClient, topics: Sequence[str]) -> dict[str, TopicDescription]:
    """A broker that does not answer is an error: taken for one older than topic ids, it would have the state thrown
    away and read anew, and once more at the next start.
    """
    found: dict[str, TopicDescription] = {}
    asked = client.describe_topics(
        TopicCollection([*topics]), include_authorized_operations=True, request_timeout=TIMEOUT_SECONDS
    )
    for topic, answer in asked.items():
        try:
            found[topic] = answer.result()
        except KafkaException as error:
            raise TopicsError(f"topic {topic} could not be described: {explain(error)}") from None
    return found


def _check_rights(described: Mapping[str, TopicDescription], read: Sequence[str], written: Sequence[str]) -> None:
    """Before the first record: an empty changelog that may not be read would be found out by the next worker, and a
    topic that may not be written with the first record that is due there.
    """
    for topics, right in ((read, AclOperation.READ), (written, AclOperation.WRITE)):
        for topic in topics:
            allowed = described[topic].authorized_operations
            # Brokers before 2.3 tell nothing of it.
            if allowed and right not in allowed:
                raise TopicsError(
                    f"topic {topic}: TOPIC_AUTHORIZATION_FAILED: the user lacks an ACL on it: "
                    f"allow {right.name.capitalize()}"
                )


def _topic_id(described: TopicDescription) -> str:
    """With a space before it; nothing from brokers older than topic ids."""
    number: Any = described.topic_id
    bits = number.get_most_significant_bits(), number.get_least_significant_bits()
    return f" {number}" if any(bits) else ""


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
