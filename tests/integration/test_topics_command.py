"""`leadpulse topics` on a real Kafka: a worker accepts what it makes; what parts leads from their state it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from leadpulse.main import main
from stream.runtime.topics import check_topics
from tests.integration.deployment import Broker, Deployment, deploy

pytestmark = pytest.mark.kafka


def topics(deployment: Deployment, capsys: pytest.CaptureFixture[str], action: str, *options: str) -> tuple[int, Any]:
    code = main(["topics", action, "--config", str(deployment.config("worker-0")), "--json", *options])
    return code, {step["topic"]: step for step in json.loads(capsys.readouterr().out)}


def test_topics_are_made_changed_and_guarded(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]})
    names, sizes = deployment.names, ("--partitions", "4", "--replicas", "1")
    code, steps = topics(deployment, capsys, "plan", *sizes)
    assert (code, {step["action"] for step in steps.values()}) == (3, {"create"})
    assert topics(deployment, capsys, "apply", *sizes)[0] == 0
    assert topics(deployment, capsys, "plan", *sizes)[0] == 0
    assert check_topics(deployment.settings).partitions == 4

    assert topics(deployment, capsys, "apply", "--partitions", "6", "--retention", "7d")[0] == 0
    assert check_topics(deployment.settings).partitions == 6
    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, names.input("web"))
    config = admin.describe_configs([resource])[resource].result(20)
    assert config["retention.ms"].value == str(7 * 86_400_000)

    producer = Producer({"bootstrap.servers": real_kafka.bootstrap})
    producer.produce(names.changelog, b"row", b"lead-1")
    assert producer.flush(20) == 0
    code, steps = topics(deployment, capsys, "apply", "--partitions", "8", "--retention", "9d")
    assert code == 1
    assert steps[names.input("web")]["action"] == "refuse"
    found = admin.list_topics(timeout=10).topics
    assert {len(found[topic].partitions) for topic in (names.input("web"), names.changelog)} == {6}
    assert admin.describe_configs([resource])[resource].result(20)["retention.ms"].value == str(7 * 86_400_000)
