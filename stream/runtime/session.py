"""How long the group waits for a silent worker, where the brokers and not the settings say so (KIP-848)."""

import logging
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from schemas.settings import Settings
from stream.runtime.connection import connection, explain
from stream.runtime.topics import TIMEOUT_SECONDS, TopicsError

LONGEST_MS: Final = 10_000
_OF_GROUP: Final = "consumer.session.timeout.ms"
_OF_BROKER: Final = "group.consumer.session.timeout.ms"

log = logging.getLogger(__name__)


def check_session(settings: Settings) -> None:
    """Raises TopicsError where the partitions of a killed worker would wait for too long. Asks only where needed."""
    if settings.kafka.group_protocol == "classic":
        return
    known = _session_ms(settings)
    if known is None:
        raise TopicsError(
            "kafka.group_protocol is consumer, and no broker tells how long a session of it lasts: take brokers of 4.0 "
            "or later and give the user DESCRIBE_CONFIGS on the cluster, or set kafka.group_protocol to classic"
        )
    if known > LONGEST_MS:
        raise TopicsError(
            f"kafka.group_protocol is consumer, and a session lasts {known} ms there, for which the partitions "
            f"of a killed worker would wait: set {_OF_BROKER} and group.consumer.min.session.timeout.ms to "
            f"{LONGEST_MS} or less on the brokers, or kafka.group_protocol to classic"
        )


def _session_ms(settings: Settings) -> int | None:
    """The group's own time counts before that of the brokers."""
    client = AdminClient(connection(settings.kafka))
    asked = [(ConfigResource(ResourceType.GROUP, settings.application), _OF_GROUP)]
    try:
        brokers = client.list_topics(timeout=TIMEOUT_SECONDS).brokers
    except KafkaException as error:
        raise TopicsError(f"{settings.kafka.bootstrap}: {explain(error)}") from None
    asked += [(ConfigResource(ResourceType.BROKER, str(min(brokers))), _OF_BROKER)]
    for resource, name in asked:
        try:
            found = client.describe_configs([resource], request_timeout=TIMEOUT_SECONDS)[resource].result()
        except KafkaException as error:
            log.info("the configuration of %s could not be read (%s)", resource, explain(error))
            continue
        if name in found and found[name].value:
            return int(found[name].value)
    return None
