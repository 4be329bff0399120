"""The subscribers of `examples/consumers` act on each alert once: over repetitions, roll-backs and being killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from confluent_kafka import Producer

from leadpulse.commands.contracts import DOCUMENT, PUBLISHED
from tests.integration.deployment import Broker, create_topics

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "consumers"
ALERT: Final[dict[str, Any]] = yaml.safe_load((PUBLISHED / DOCUMENT).read_text(encoding="utf-8"))["components"][
    "messages"
]["alert"]["examples"][0]["payload"]
PATIENCE: Final = 60.0


def python(bootstrap: str, prefix: str, directory: Path) -> tuple[list[str], dict[str, str]]:
    return [sys.executable, str(EXAMPLES / "python/subscriber.py"), bootstrap, prefix, str(directory / "alerts.db")], {}


def java(bootstrap: str, prefix: str, directory: Path) -> tuple[list[str], dict[str, str]]:
    program = str(EXAMPLES / "java/Subscriber.java")
    return ["java", "-cp", f"{_jars()}/*", program, bootstrap, prefix, str(directory / "alerts.txt")], {}


def shell(bootstrap: str, prefix: str, directory: Path) -> tuple[list[str], dict[str, str]]:
    bin_ = directory / "bin"
    bin_.mkdir(exist_ok=True)
    consumer = bin_ / "kafka-console-consumer.sh"
    # What Kafka's own script of this name comes down to.
    consumer.write_text(
        f"#!/bin/sh\nexec java -cp '{_jars()}/*' org.apache.kafka.tools.consumer.ConsoleConsumer \"$@\"\n"
    )
    consumer.chmod(0o755)
    program = str(EXAMPLES / "shell/subscriber.sh")
    return [program, bootstrap, prefix, str(directory / "alerts.txt")], {"PATH": f"{bin_}:{os.environ['PATH']}"}


def _jars() -> Path:
    return (Path(os.environ["LEADPULSE_CONTRACT_TOOLS"]) / "kafka" / "libs").resolve()


def in_database(directory: Path) -> list[str]:
    """What the example in Python has done, by id."""
    path = directory / "alerts.db"
    if not path.exists():
        return []
    with sqlite3.connect(path) as store:
        exists = store.execute("SELECT 1 FROM sqlite_master WHERE name = 'alerts'").fetchone()
        return [row[0] for row in store.execute("SELECT id FROM alerts")] if exists else []


def in_file(directory: Path) -> list[str]:
    """What the other examples have done, by id."""
    path = directory / "alerts.txt"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    for line in lines:
        if line.endswith("\n"):
            _, lead, value = line.split("\t", 2)
            assert json.loads(value)["lead"] == lead
    return [line.split("\t")[0] for line in lines if line.endswith("\n")]


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[Callable[[], int | None]]:
    """The program in a process group of its own, killed with all that it started at the end of the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, env=os.environ | environment, start_new_session=True
        )
    try:
        yield process.poll
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def send(broker: Broker, topic: str, ids: list[str], *, abort: bool = False) -> None:
    """Alerts with these ids, in one transaction."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": f"t-{uuid.uuid4().hex}"})
    producer.init_transactions(30)
    producer.begin_transaction()
    for name in ids:
        headers: Any = [("ce_specversion", b"1.0"), ("ce_id", name.encode()), ("ce_subject", "zoë".encode())]
        value = json.dumps(ALERT | {"id": name, "lead": "zoë"}, ensure_ascii=False)
        producer.produce(topic, value.encode(), "zoë".encode(), headers=headers)
    producer.flush(30)
    producer.abort_transaction(30) if abort else producer.commit_transaction(30)


def wait(holds: Callable[[], bool], alive: Callable[[], int | None], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert alive() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.1)


@pytest.mark.kafka
@pytest.mark.contracts  # a minute each: brokers wait for a killed subscriber as they do by default
@pytest.mark.parametrize(("program", "done"), [(python, in_database), (java, in_file), (shell, in_file)])
def test_an_alert_is_acted_on_once(
    program: Callable[[str, str, Path], tuple[list[str], dict[str, str]]],
    done: Callable[[Path], list[str]],
    real_kafka: Broker,
    tmp_path: Path,
) -> None:
    prefix = f"consumers-{uuid.uuid4().hex[:8]}"
    topic = f"{prefix}.alerts"
    create_topics(real_kafka, [topic], 2)
    first, later, undone = ([f"{number:032x}" for number in range(start, start + 20)] for start in (0, 100, 200))
    command, environment = program(real_kafka.bootstrap, prefix, tmp_path)
    log = tmp_path / "log"

    send(real_kafka, topic, first)
    send(real_kafka, topic, undone, abort=True)
    send(real_kafka, topic, first[:10])
    with running(command, environment, log) as alive:
        wait(lambda: len(done(tmp_path)) >= len(first), alive, log)
    send(real_kafka, topic, first[10:] + later)
    with running(command, environment, log) as alive:
        wait(lambda: len(done(tmp_path)) >= len(first + later), alive, log)
        time.sleep(1)

    assert sorted(done(tmp_path)) == sorted(first + later)
