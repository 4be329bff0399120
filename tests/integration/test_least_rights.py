"""The rights that docs/security.md lists are enough for a worker, and each of them is needed."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.brokers.local_kafka import jars_are_cached
from tests.brokers.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.brokers.single_node import BrokerError
from tests.docs.blocks import ROOT
from tests.integration.deployment import Broker, Deployment, deploy, few_features
from tests.integration.process import WorkerProcess
from tests.integration.topics import Ends, Input, read_all
from tests.integration.traffic import sent, traffic

_ROW: Final = re.compile(r"^\| (topic|group|transactional id) \| `([^`]+)`[^|]*\| (\w+) \|", re.MULTILINE)
_KINDS: Final = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
}
PREFIX: Final = "acme.prod"
PATIENCE_SECONDS: Final = 120.0


class Right(NamedTuple):
    """A line of the table. name: of the resource, with `*` at its end where it is the beginning of names."""

    kind: str
    name: str
    operation: str


RIGHTS: Final = [Right(*found) for found in _ROW.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))]

pytestmark = [pytest.mark.kafka]


def test_the_table_names_every_topic() -> None:
    assert len(RIGHTS) == 9
    assert {right.name for right in RIGHTS if right.kind == "topic"} == {
        f"{PREFIX}.{topic}"
        for topic in ("web", "changelog.v1", "scores.changes", "scores.latest", "alerts", "dead-letters")
    }


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """A broker with ACLs, which this machine's Java runs."""
    try:
        with SecuredKafka(tmp_path_factory.mktemp("certificates")) as kafka:
            yield kafka
    except BrokerError as error:
        if jars_are_cached():
            raise
        pytest.skip(f"a broker with ACLs is started on this machine's Java: {error}")


def test_they_are_enough_to_score(secured: SecuredKafka, tmp_path: Path) -> None:
    deployment, ends = _filled(secured, tmp_path)
    _allow(secured, deployment, RIGHTS)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        worker.wait_until_scored(ends)
        worker.stop()
    assert read_all(broker_of(secured), deployment.names.changes)
    assert len(read_all(broker_of(secured), deployment.names.dead_letters)) == 1


@pytest.mark.nightly
@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right.operation} on {right.name}")
def test_each_is_needed_and_its_lack_is_named(secured: SecuredKafka, tmp_path: Path, right: Right) -> None:
    deployment, _ = _filled(secured, tmp_path)
    _allow(secured, deployment, [each for each in RIGHTS if each != right])
    with WorkerProcess(deployment) as worker:
        worker.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any("ACL" in each for each in _told(worker)):
            assert time.monotonic() < deadline, f"it does not name what it may not do:\n{worker.tail()}"
            time.sleep(0.1)
        assert not read_all(broker_of(secured), deployment.names.changes)


def test_a_right_to_read_that_is_taken_away_at_work_is_missed_until_it_is_given_back(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    deployment, ends = _filled(secured, tmp_path)
    _allow(secured, deployment, RIGHTS)
    web = deployment.names.input("web")
    right = _binding(deployment, Right("topic", f"{PREFIX}.web", "READ"))
    admin = AdminClient({"bootstrap.servers": secured.bootstrap})
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        worker.wait_until_scored(ends)
        for done in admin.delete_acls([_filter_of(right)]).values():
            done.result(timeout=20)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(web in each and "ACL" in each for each in worker.missing()):
            assert time.monotonic() < deadline, f"it does not say what it may not read:\n{worker.tail()}"
            time.sleep(0.1)
        for _ in range(40):  # the client itself says it once
            assert any(web in each for each in worker.missing())
            time.sleep(0.1)
        assert worker.metric("leadpulse_broker_refusals_total", error="TOPIC_AUTHORIZATION_FAILED", topic=web) > 1
        for done in admin.create_acls([right]).values():
            done.result(timeout=20)
        worker.wait_ready()
        inputs = Input(broker_of(secured))
        inputs.send(sent(web, traffic(seed=2, leads=50, events=500)))
        worker.wait_until_scored(inputs.ends)
        worker.stop()


def _told(worker: WorkerProcess) -> list[str]:
    """Where operators look: what is missing, and what is more than information in the log."""
    lines = worker.log_file.read_text(errors="replace").splitlines()
    return [*worker.missing(), *(line for line in lines if " INFO " not in line)]


def broker_of(secured: SecuredKafka) -> Broker:
    """The broker as its super-user sees it."""
    return Broker(secured.bootstrap, real=True)


def _filled(secured: SecuredKafka, directory: Path) -> tuple[Deployment, Ends]:
    """A deployment whose topics are there, with events of which some score and one is a dead letter."""
    security = {"protocol": "sasl", "mechanism": "PLAIN", "username": USER, "password": PASSWORD, "tls": False}
    connection = {"bootstrap": secured.by_password, "security": security}
    broker = broker_of(secured)
    deployment = deploy(
        broker, directory, "least rights", kafka=connection, topics={"inputs": ["web"]}, features=few_features()
    )
    deployment.create_topics()
    inputs = Input(broker)
    records = sent(deployment.names.input("web"), traffic(seed=1, leads=50, events=500))
    inputs.send([*records, records[0]._replace(value=b"no event")])
    return deployment, dict(inputs.ends)


def _allow(secured: SecuredKafka, deployment: Deployment, rights: list[Right]) -> None:
    """The worker's user has these rights and no others, with the names of this deployment."""
    admin = AdminClient({"bootstrap.servers": secured.bootstrap})
    every = AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type]
        ResourcePatternType.ANY,
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    for done in admin.delete_acls([every]).values():
        done.result(timeout=20)
    bindings = [_binding(deployment, right) for right in rights]
    for done in admin.create_acls(bindings).values():
        done.result(timeout=20)


def _binding(deployment: Deployment, right: Right) -> AclBinding:
    own = right.name.replace(PREFIX, deployment.settings.topics.prefix, 1)
    own = own if right.kind == "topic" else own.replace("leadpulse", deployment.settings.application, 1)
    pattern = ResourcePatternType.PREFIXED if own.endswith("*") else ResourcePatternType.LITERAL
    operation = AclOperation[right.operation]
    return AclBinding(
        _KINDS[right.kind], own.removesuffix("*"), pattern, f"User:{USER}", "*", operation, AclPermissionType.ALLOW
    )


def _filter_of(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype, binding.name, binding.resource_pattern_type, binding.principal, binding.host,
        binding.operation, binding.permission_type,
    )  # fmt: skip
