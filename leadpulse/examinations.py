"""What `leadpulse doctor` looks at: each examination tries the thing itself and says what to do where it fails."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal, NamedTuple

from schemas.digest import features_digest
from schemas.settings import Settings

State = Literal["ok", "warning", "missing"]

GIGABYTE: Final = 1024**3
LEAST_DISK: Final = GIGABYTE // 4
SOME_DISK: Final = 5 * GIGABYTE
OLDEST_JAVA: Final = 17
PROGRAM_SECONDS: Final = 10.0
BROKER_SECONDS: Final = 10.0

NEEDED: Final = {
    "confluent-kafka": "confluent_kafka",
    "faust-streaming": "faust",
    "msgspec": "msgspec",
    "numba": "numba",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "prometheus-client": "prometheus_client",
    "pydantic": "pydantic",
    "PyYAML": "yaml",
    "rich": "rich",
    "rocksdict": "rocksdict",
    "xxhash": "xxhash",
}
FOR_TRAINING: Final = {"scikit-learn": "sklearn", "imbalanced-learn": "imblearn"}


class Finding(NamedTuple):
    """One thing examined. remedy: what to do, where there is something to do."""

    subject: str
    state: State
    found: str
    remedy: str = ""


def examine_machine() -> Iterator[Finding]:
    """What worker, training and demo need, and what the tests on a real broker need."""
    yield python()
    yield from packages()
    yield from real_broker()


def examine_product(settings: Settings) -> Iterator[Finding]:
    """Whether the parts work here: kernels, model, broker."""
    yield rules_model(settings)
    yield kernels(settings)
    yield mock_broker()


def examine_deployment(settings: Settings) -> Iterator[Finding]:
    """Whether what the settings name is there: topics, registry, state."""
    yield topics(settings)
    yield registry(settings)


def python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in ((3, 11), (3, 12)):
        return Finding("Python", "ok", found)
    return Finding("Python", "missing", found, "install Python 3.11 or 3.12 and make the environment with it")


def packages() -> Iterator[Finding]:
    """One finding for the packages that scoring needs, one for those of training."""
    yield _packages("packages", NEEDED, "missing", "pip install leadpulse")
    yield _packages("packages of training", FOR_TRAINING, "warning", "to train: pip install 'leadpulse[training]'")


def _packages(subject: str, wanted: dict[str, str], worst: State, remedy: str) -> Finding:
    found, absent = [], []
    for name, module in wanted.items():
        try:
            import_module(module)
            found.append(f"{name} {version(name)}")
        except (ImportError, PackageNotFoundError) as error:
            absent.append(f"{name} ({error})")
    if absent:
        return Finding(subject, worst, f"not importable: {', '.join(absent)}", remedy)
    return Finding(subject, "ok", ", ".join(found))


def rules_model(settings: Settings) -> Finding:
    """ONNX Runtime loads the scorecard, which repeats its golden rows."""
    from stream.core.model import Model, ModelRefused
    from stream.models.rules import rules_model as build

    try:
        model = Model(build(settings), features_digest(settings), settings.tiers)
    except ModelRefused as error:
        return Finding("ONNX Runtime", "missing", str(error), "reinstall onnxruntime for this processor")
    return Finding("ONNX Runtime", "ok", f"scores the rules model {model.digest[:12]}")


def kernels(settings: Settings) -> Finding:
    """One event through the whole of scoring, which compiles what was not compiled before."""
    from stream.core.engine import Engine
    from stream.core.model import Model
    from stream.models.rules import rules_model as build

    began = time.monotonic()
    model = Model(build(settings), features_digest(settings), settings.tiers)
    try:
        Engine(settings).compile(model)
    except Exception as error:  # numba raises its own types for what is wrong with compiler, cache and processor
        remedy = "reinstall numba, and let NUMBA_CACHE_DIR name a directory that can be written"
        return Finding("kernels", "missing", f"{type(error).__name__}: {error}", remedy)
    lasted = time.monotonic() - began
    return Finding("kernels", "ok", f"score an event after {lasted:.1f} s; compiled code is kept in {_kernel_cache()}")


def _kernel_cache() -> str:
    return os.environ.get("NUMBA_CACHE_DIR", "__pycache__ beside the sources")


def mock_broker() -> Finding:
    """A record goes through the broker of the demo and comes back."""
    from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

    from leadpulse.demo.broker import InProcessKafka

    remedy = "reinstall confluent-kafka, and allow connections to 127.0.0.1"
    try:
        with InProcessKafka() as broker:
            broker.touch(["doctor"])
            producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 2})
            producer.produce("doctor", b"here", partition=0)
            producer.flush(BROKER_SECONDS)
            consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "doctor", "log_level": 2})
            consumer.assign([TopicPartition("doctor", 0, 0)])
            message = consumer.poll(BROKER_SECONDS)
            consumer.close()
    except KafkaException as error:
        return Finding("in-process broker", "missing", str(error), remedy)
    if message is None or message.error() is not None or message.value() != b"here":
        return Finding("in-process broker", "missing", "a record did not come back", remedy)
    return Finding("in-process broker", "ok", "a record came back")


def real_broker() -> Iterator[Finding]:
    """What tests on a real Kafka take: brokers named by KAFKA_BOOTSTRAP, Docker, or Java and Maven."""
    remedy = "tests on a real Kafka need KAFKA_BOOTSTRAP, Docker, or Java with Maven: with none they are skipped"
    for subject, command, pattern in (
        ("Docker", ["docker", "version", "--format", "{{.Server.Version}}"], r"^(\d[\d.]*)"),
        ("Java", ["java", "-version"], r'version "(\d[^"]*)"'),
        ("Maven", ["mvn", "--batch-mode", "--version"], r"Apache Maven (\d[\d.]*)"),
    ):
        said = _run(command)
        match = re.search(pattern, said)
        if match is None:
            yield Finding(subject, "warning", said.splitlines()[-1] if said else "not on the PATH", remedy)
        elif subject == "Java" and int(re.split(r"\D", match[1])[0]) < OLDEST_JAVA:
            yield Finding(subject, "warning", match[1], f"Kafka's broker needs Java {OLDEST_JAVA} or later")
        else:
            yield Finding(subject, "ok", match[1])


def _run(command: list[str]) -> str:
    """What the program says; nothing where it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {PROGRAM_SECONDS:.0f} s"
    return (done.stdout + done.stderr).strip()


def topics(settings: Settings) -> Finding:
    """Brokers answer and have every topic, with partitions that fit."""
    from stream.runtime.topics import TopicsError, check_topics

    try:
        found = check_topics(settings)
    except TopicsError as error:
        return Finding("Kafka", "missing", str(error), "the worker waits until this is mended")
    return Finding("Kafka", "ok", f"{settings.kafka.bootstrap}, every topic, {found.partitions} partitions")


def registry(settings: Settings) -> Finding:
    """The model that `current` names can be taken into force."""
    from stream.core.model import Model, ModelRefused
    from stream.models.registry import Registry

    try:
        digest = Registry(settings.models).current()
        if digest is None:
            remedy = f"train one: leadpulse train --events FILE --out {settings.models}"
            return Finding("model", "warning", f"none promoted in {settings.models}: the rules score", remedy)
        model = Model(Registry(settings.models).load(digest), features_digest(settings), settings.tiers)
    except ModelRefused as error:
        return Finding("model", "missing", str(error), "promote another model, or train again with these settings")
    return Finding("model", "ok", f"{digest[:12]} ({model.manifest.kind}) of {model.manifest.created}")


def state(settings: Settings) -> Iterator[Finding]:
    """The state directory, or the nearest that exists above it: can it be written, is there room."""
    place = settings.state.absolute()
    while not place.is_dir() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            yield Finding("state", "ok", f"{place} can be written")
    except OSError as error:
        yield Finding(
            "state", "missing", f"{place}: {error.strerror}", "set `state` to a directory of the worker's own"
        )
    free = shutil.disk_usage(place).free
    remedy = "make room, or set `state` elsewhere"
    level: State = "missing" if free < LEAST_DISK else "warning" if free < SOME_DISK else "ok"
    yield Finding("disk", level, f"{free / GIGABYTE:.1f} GB free at {place}", "" if level == "ok" else remedy)
