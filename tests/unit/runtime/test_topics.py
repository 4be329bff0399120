"""What the worker says before it reads anything, while brokers or topics are not as it needs them."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, Uuid
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.runtime import partition_row
from stream.runtime import topics as topics_module
from stream.runtime.partition_row import PartitionRow
from stream.runtime.topics import TopicsError, check_topics
from tests.integration.deployment import Broker
from tests.unit.schemas.files import shipped


def settings(bootstrap: str, prefix: str = "leadpulse") -> Settings:
    def change(content: dict[str, Any]) -> None:
        content["kafka"] = {"bootstrap": bootstrap}
        content["topics"] = {"prefix": prefix, "inputs": ["web", "crm"]}

    return shipped(change)


def refusal(configured: Settings) -> str:
    with pytest.raises(TopicsError) as refused:
        check_topics(configured)
    return str(refused.value)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and that nothing listens on, so that nobody else can begin to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_broker_that_refuses_is_named_with_the_remedy_within_seconds(closed_port: int) -> None:
    began = time.monotonic()
    text = refusal(settings(f"127.0.0.1:{closed_port}"))
    assert time.monotonic() - began < 10
    assert text.startswith(f"127.0.0.1:{closed_port}: ")
    assert "Connection refused" in text
    assert text.endswith("check kafka.bootstrap and the network")


def test_a_broker_that_accepts_and_never_answers_is_named_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        text = refusal(settings(f"127.0.0.1:{port}"))
    assert time.monotonic() - began < 10
    assert text.startswith(f"127.0.0.1:{port}: ")
    assert "check kafka.bootstrap" in text


def test_an_address_without_an_entry_is_told_as_such() -> None:
    text = refusal(settings("no-such-broker.invalid:9092"))
    assert text.startswith("no-such-broker.invalid:9092: _RESOLVE: ")
    assert text.endswith("check kafka.bootstrap")


def test_topics_that_fit_are_counted(mock_kafka: Broker) -> None:
    configured = settings(mock_kafka.bootstrap, "fitting")
    admin = AdminClient({"bootstrap.servers": mock_kafka.bootstrap})
    for topic in wanted(configured):
        admin.list_topics(topic, timeout=10)  # the mock cluster makes what is asked for
    assert check_topics(configured).partitions == 4  # what it gives to every topic


def create(broker: Broker, topics: dict[str, int], policy: str = "compact", retention_ms: str = "86400000") -> None:
    """The topics of state and of latest scores with this clean-up policy, keeping removals for so long."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    made = [
        NewTopic(
            topic,
            count,
            replication_factor=1,
            config={"cleanup.policy": policy, "delete.retention.ms": retention_ms} if kept(topic) else {},
        )
        for topic, count in topics.items()
    ]
    for done in admin.create_topics(made).values():
        done.result(timeout=20)
    _wait_for_leaders(broker, topics)


def _wait_for_leaders(broker: Broker, topics: dict[str, int]) -> None:
    """Until every partition tells its offsets: right after a topic was made its leader may not know of it."""
    reader = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "tests", "log_level": 0})
    deadline = time.monotonic() + 30
    try:
        for place in [TopicPartition(topic, number) for topic, size in topics.items() for number in range(size)]:
            while True:
                try:
                    reader.get_watermark_offsets(place, timeout=5)
                    break
                except KafkaException:
                    assert time.monotonic() < deadline, f"{place.topic} has no leader"
                    time.sleep(0.1)
    finally:
        reader.close()


def kept(topic: str) -> bool:
    return topic.endswith((".changelog.v1", ".latest"))


def wanted(configured: Settings) -> dict[str, int]:
    names = TopicNames.of(configured.topics)
    return dict.fromkeys((*map(names.input, names.inputs), names.changelog), 3) | dict.fromkeys(
        (names.changes, names.latest, names.alerts, names.dead_letters), 1
    )


@pytest.mark.kafka
def test_a_missing_topic_is_named(real_kafka: Broker) -> None:
    configured = settings(real_kafka.bootstrap, "missing")
    topics = wanted(configured)
    del topics["missing.alerts"]
    create(real_kafka, topics)
    text = refusal(configured)
    assert text == "topic missing.alerts does not exist, or the user may not see it: create it, or add an ACL"
    create(real_kafka, {"missing.alerts": 1})
    assert check_topics(configured).partitions == 3


@pytest.mark.kafka
@pytest.mark.parametrize("odd", ["crm", "changelog.v1"])
def test_partition_counts_that_differ_are_told_topic_by_topic(real_kafka: Broker, odd: str) -> None:
    prefix = f"uneven-{odd}"
    configured = settings(real_kafka.bootstrap, prefix)
    create(real_kafka, wanted(configured) | {f"{prefix}.{odd}": 5})
    text = refusal(configured)
    assert "must have the same number of partitions" in text
    assert f"{prefix}.web has 3" in text
    assert f"{prefix}.{odd} has 5" in text
    assert "alerts" not in text


@pytest.mark.kafka
@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_a_changelog_that_forgets_by_age_is_refused(real_kafka: Broker, policy: str) -> None:
    prefix = f"forgetful-{len(policy)}"
    configured = settings(real_kafka.bootstrap, prefix)
    create(real_kafka, wanted(configured), policy)
    text = refusal(configured)
    assert text == f"topic {prefix}.changelog.v1 has cleanup.policy={policy}: set it to compact, or state is lost"


@pytest.mark.kafka
def test_a_changelog_that_drops_removals_within_a_day_is_refused(real_kafka: Broker) -> None:
    configured = settings(real_kafka.bootstrap, "hasty")
    create(real_kafka, wanted(configured), retention_ms="3600000")
    text = refusal(configured)
    assert text.startswith("topic hasty.changelog.v1 has delete.retention.ms=3600000: set it to 86400000 (a day)")


@pytest.mark.kafka
def test_a_store_has_another_home_on_another_cluster_prefix_or_application(
    real_kafka: Broker, mock_kafka: Broker
) -> None:
    configured = settings(real_kafka.bootstrap, "home")
    create(real_kafka, wanted(configured))
    home = check_topics(configured).home
    assert home == check_topics(configured).home
    assert " home leadpulse " in home
    elsewhere = settings(mock_kafka.bootstrap, "home")
    admin = AdminClient({"bootstrap.servers": mock_kafka.bootstrap})
    for topic in wanted(elsewhere):
        admin.list_topics(topic, timeout=10)
    assert check_topics(elsewhere).home != home


@pytest.mark.kafka
def test_a_store_has_another_home_after_its_changelog_was_made_anew(real_kafka: Broker) -> None:
    configured = settings(real_kafka.bootstrap, "anew")
    topics = wanted(configured)
    create(real_kafka, topics)
    home = check_topics(configured).home
    changelog = TopicNames.of(configured.topics).changelog
    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    admin.delete_topics([changelog])[changelog].result(timeout=20)
    create(real_kafka, {changelog: topics[changelog]})
    assert check_topics(configured).home != home


@pytest.mark.kafka
def test_brokers_without_topic_ids_do(real_kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    configured = settings(real_kafka.bootstrap, "older")
    create(real_kafka, wanted(configured))

    class Older(AdminClient):
        """What the client makes of brokers before 2.8: an id of zeros."""

        def describe_topics(self, *topics: Any, **options: Any) -> Any:
            found = super().describe_topics(*topics, **options)
            for each in found.values():
                each.result().topic_id = Uuid(0, 0)
            return found

    monkeypatch.setattr(topics_module, "AdminClient", Older)
    assert check_topics(configured).home.endswith(" older leadpulse")


@pytest.mark.kafka
@pytest.mark.parametrize("after", [0, 1_000], ids=["a commit", "a death at least once"])
def test_partitions_that_were_added_to_every_topic_are_refused_by_the_state_of_any_other(
    real_kafka: Broker, after: int
) -> None:
    configured = settings(real_kafka.bootstrap, f"grown-{after}")
    names = TopicNames.of(configured.topics)
    create(real_kafka, wanted(configured))
    assert check_topics(configured).partitions == 3  # with nothing in the changelog
    producer = Producer({"bootstrap.servers": real_kafka.bootstrap})
    row = PartitionRow(1, "leadpulse", {}, "", "rules", {}, "", partitions=3)
    producer.produce(names.changelog, partition_row.encode(row), partition_row.KEY, partition=1)
    for number in range(after):
        producer.produce(names.changelog, b"row", b"lead %d" % number, partition=1)
    assert producer.flush(20) == 0
    assert check_topics(configured).partitions == 3

    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    grown = [NewPartitions(topic, 5) for topic in (*map(names.input, names.inputs), names.changelog)]
    for done in admin.create_partitions(grown).values():
        done.result(timeout=20)
    # A partition that was just added has no leader for a moment: another refusal, and a passing one.
    deadline = time.monotonic() + 10
    while "NOT_LEADER" in (text := refusal(configured)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "the state was made for 3 partitions and the topics have 5" in text
    assert text.endswith("Begin anew with topics of another prefix")


@pytest.mark.kafka
def test_rows_that_were_rolled_back_hide_none_that_count(real_kafka: Broker) -> None:
    configured = settings(real_kafka.bootstrap, "rolled-back")
    names = TopicNames.of(configured.topics)
    create(real_kafka, wanted(configured))
    producer = Producer({"bootstrap.servers": real_kafka.bootstrap, "transactional.id": "rolled-back"})
    producer.init_transactions(20)
    for partitions, end in ((4, producer.commit_transaction), (3, producer.abort_transaction)):
        producer.begin_transaction()
        for number in range(500):
            producer.produce(names.changelog, b"row", b"lead %d" % number, partition=2)
        row = PartitionRow(1, "leadpulse", {}, "", "rules", {}, "", partitions=partitions)
        producer.produce(names.changelog, partition_row.encode(row), partition_row.KEY, partition=2)
        assert producer.flush(20) == 0
        end(20)
    assert "made for 4 partitions and the topics have 3" in refusal(configured)
