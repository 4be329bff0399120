"""What docs/delivery.md tells people to do works, and what it names is there."""

import argparse
import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import Final

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.load import load_settings
from schemas.topics import TopicNames
from stream.runtime.topics import TopicsError, check_topics
from tests.docs.blocks import blocks, named
from tests.integration.deployment import Broker

PAGE: Final = "docs/delivery.md"
PREFIX: Final = "acme.prod"
# Stands where Kafka's script would, and says what it was asked for.
SCRIPT: Final = '#!/bin/sh\necho "$@"\n'


def asked_for(directory: Path, prefix: str) -> list[NewTopic]:
    """What the page's commands, with another prefix, ask Kafka's script for; the replicas are left to the brokers."""
    (page,) = [block.text for block in blocks(PAGE) if block.language == "sh"]
    script = directory / "kafka-topics.sh"
    script.write_text(SCRIPT, encoding="ascii")
    script.chmod(0o755)
    path = f"{directory}:{os.environ['PATH']}"
    said = subprocess.run(
        ["sh", "-euc", page.replace(PREFIX, prefix)], env={"PATH": path}, capture_output=True, text=True, check=True
    ).stdout
    options = argparse.ArgumentParser(allow_abbrev=False)
    options.add_argument("--create", action="store_true", required=True)
    options.add_argument("--bootstrap-server", required=True)
    options.add_argument("--replication-factor", type=int, required=True)
    options.add_argument("--topic", required=True)
    options.add_argument("--partitions", type=int, required=True)
    options.add_argument("--config", action="append")
    found = [options.parse_args(line.split()) for line in said.splitlines()]
    return [
        NewTopic(each.topic, each.partitions, -1, config=dict(pair.split("=") for pair in each.config))
        for each in found
    ]


def test_its_commands_make_every_topic_of_the_settings_and_no_other(tmp_path: Path) -> None:
    settings = load_settings(None, {"LEADPULSE__TOPICS__PREFIX": PREFIX})
    names = TopicNames.of(settings.topics)
    made = [each.topic for each in asked_for(tmp_path, PREFIX)]
    assert sorted(made) == sorted([*map(names.input, names.inputs), *names.outputs])


@pytest.mark.kafka
def test_a_worker_is_content_with_its_topics(tmp_path: Path, real_kafka: Broker) -> None:
    prefix = f"delivery-{uuid.uuid4().hex[:6]}"
    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    for done in admin.create_topics(asked_for(tmp_path, prefix)).values():
        done.result(timeout=20)
    environment = {"LEADPULSE__TOPICS__PREFIX": prefix, "LEADPULSE__KAFKA__BOOTSTRAP": real_kafka.bootstrap}
    settings = load_settings(None, environment)
    deadline = time.monotonic() + 20
    while True:
        try:
            assert check_topics(settings).partitions == 12
            return
        except TopicsError:  # right after topics were made, a broker may not know them yet
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("name", named(PAGE, "Settings that decide it"))
def test_the_settings_that_it_names_exist(name: str) -> None:
    found = load_settings(None, {}).model_dump()
    for part in name.split("."):
        found = found[part]
