"""Makes the topics of a settings file that are missing on a broker of one node, and waits until they are there.

python3 topics.py leadpulse.yaml
"""

import sys
import time
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.load import load_settings
from schemas.topics import TopicNames
from stream.runtime.connection import connection

PARTITIONS: Final = 4
OUTPUT_PARTITIONS: Final = 2
PATIENCE_SECONDS: Final = 120.0
DAY_MS: Final = "86400000"


def main(path: Path) -> int:
    """0 when every topic is there, 1 when the broker does not answer in time."""
    settings = load_settings(path)
    names = TopicNames.of(settings.topics)
    # Records bear the time of their simulated arrival, up to a month ago: nothing of them expires.
    kept = {"retention.ms": "-1", "message.timestamp.before.max.ms": str(2**63 - 1)}
    compacted = {"cleanup.policy": "compact", "message.timestamp.before.max.ms": str(2**63 - 1)}
    wanted = [NewTopic(names.input(channel), PARTITIONS, 1, config=kept) for channel in names.inputs]
    wanted.append(NewTopic(names.changelog, PARTITIONS, 1, config=compacted | {"delete.retention.ms": DAY_MS}))
    wanted.append(NewTopic(names.latest, OUTPUT_PARTITIONS, 1, config=compacted))
    outputs = (names.changes, names.alerts, names.dead_letters)
    wanted += [NewTopic(name, OUTPUT_PARTITIONS, 1, config=kept) for name in outputs]
    admin = AdminClient(connection(settings.kafka))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        wanted = [topic for topic in wanted if not _made(admin, topic)]
        if not wanted:
            return 0
        time.sleep(1)
    print(f"not made: {', '.join(topic.topic for topic in wanted)}: does {settings.kafka.bootstrap} answer?")
    return 1


def _made(admin: AdminClient, topic: NewTopic) -> bool:
    try:
        admin.create_topics([topic], operation_timeout=5, request_timeout=5)[topic.topic].result()
    except KafkaException as error:
        return bool(error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS)
    return True


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
