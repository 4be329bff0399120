"""Row 14: a wrong password, an expired certificate, and ACLs that are missing."""

from typing import Any, Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.brokers.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.faults.load import good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.deployment import Broker
from tests.integration.process import WorkerProcess
from tests.integration.traffic import traffic

RATE: Final = 500
_READ, _WRITE, _DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE


def refused(given: Conditions) -> Played:
    """Each is named where operators look, without an end where waiting does, and with a word at every end."""
    with SecuredKafka(given.directory / "certificates") as kafka:
        broker = Broker(kafka.bootstrap, real=True)
        with Stage(given, "access", broker=broker, kafka=_by_password(kafka, PASSWORD)) as stage:
            seconds = given.choose(60, 40)
            load = stage.load(good(stage.topic, traffic(seed=14, leads=3_000, events=seconds * RATE)), RATE)
            _stands_and_says(stage, "wrong-password", _by_password(kafka, "wrong"), "refuse the credentials")
            _stands_and_says(stage, "expired", _by_expired_certificate(kafka), "check kafka.security", "certificate")
            unready = stage.watch.highest("leadpulse_ready")
            worker = stage.worker("worker-0")
            _without_acls(stage, worker)
            worker.wait_ready()
            ended = _taken_away(stage, worker)
            stage.recover(worker)
            load.finish()
            stage.settle(worker)
            stage.findings.note(f"when WRITE on a topic was taken away it ended {ended} times, each with the reason")
            stage.shows("leadpulse_ready", unready, unready == 0)
            return stage.played()


def _by_password(kafka: SecuredKafka, password: str) -> dict[str, Any]:
    security = {"protocol": "sasl", "mechanism": "PLAIN", "username": USER, "password": password, "tls": False}
    return {"bootstrap": kafka.by_password, "security": security}


def _by_expired_certificate(kafka: SecuredKafka) -> dict[str, Any]:
    trusted = str(kafka.certificates / "expired.crt")
    return {"bootstrap": kafka.by_expired_tls, "security": {"protocol": "tls", "ca": trusted}}


def _stands_and_says(stage: Stage, name: str, connection: dict[str, Any], *words: str) -> None:
    """A worker with this connection lives, is not ready, and says these words on its page and in its log."""
    worker = stage.worker(name, kafka=connection)
    worker.start()
    stage.wait_for(lambda: all(word in " ".join(worker.missing()) for word in words), 60, f"saying {words}")
    stage.findings.require(worker.get("/healthz")[0] == 200, f"{name}: it does not say that it lives")
    stage.sleep(stage.given.choose(6, 2))
    said = worker.log_file.read_text()
    stage.findings.require(all(word in said for word in words), f"{name}: the log does not say it")
    stage.findings.require(said.count("ERROR") < 20, f"{name}: {said.count('ERROR')} errors in a few seconds")
    stage.watch.look()
    worker.stop()


def _without_acls(stage: Stage, worker: WorkerProcess) -> None:
    """The worker's user may first not see an output, then not read the changelog, last not write that output."""
    names, application = stage.deployment.names, stage.deployment.settings.application
    broker = stage.deployment.broker
    _allow(broker, ResourceType.TOPIC, [*map(names.input, names.inputs)], _READ)
    _allow(broker, ResourceType.TOPIC, [names.changelog, names.latest, names.alerts, names.dead_letters], _WRITE)
    _allow(broker, ResourceType.GROUP, [application], _READ)
    _allow(broker, ResourceType.TRANSACTIONAL_ID, [application], _WRITE)
    worker.start()
    for words, topic, right in (
        ("add an ACL", names.changes, _DESCRIBE),
        ("allow Read", names.changelog, _READ),
        ("allow Write", names.changes, _WRITE),
    ):
        stage.wait_for(lambda: words in " ".join(worker.missing()), 60, f"saying {words}")  # noqa: B023
        stage.findings.require(words in worker.log_file.read_text(), f"the log does not say {words}")
        stage.sleep(stage.given.choose(4, 2))
        _allow(broker, ResourceType.TOPIC, [topic], right)


def _taken_away(stage: Stage, worker: WorkerProcess) -> int:
    """The user may no longer write one of the outputs, and then may again; how often the worker ended meanwhile."""
    stage.keep_up(worker)
    known, changes = len(worker.log_file.read_text()), stage.deployment.names.changes
    _forbid(stage.deployment.broker, ResourceType.TOPIC, changes, _WRITE)

    def said() -> str:
        return worker.log_file.read_text()[known:]

    stage.wait_for(lambda: "lacks an ACL" in said(), 60, "refused a write")
    stage.sleep(stage.given.choose(10, 4))
    ended = len(stage.ended)
    stage.findings.require(set(stage.ended) <= {1}, f"it ended with {sorted(set(stage.ended))}")
    stage.findings.require(said().count("lacks an ACL") >= max(1, ended), "it ended without a word")
    _allow(stage.deployment.broker, ResourceType.TOPIC, [changes], _WRITE)
    return ended


def _allow(broker: Broker, kind: ResourceType, names: list[str], operation: AclOperation) -> None:
    """The worker's user may do this with everything whose name begins so."""
    bindings = [AclBinding(*_rule(kind, name, operation)) for name in names]
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for done in admin.create_acls(bindings).values():
        done.result(timeout=20)


def _forbid(broker: Broker, kind: ResourceType, name: str, operation: AclOperation) -> None:
    """Takes that away again."""
    rules = [AclBindingFilter(*_rule(kind, name, operation))]
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for done in admin.delete_acls(rules).values():
        done.result(timeout=20)


def _rule(kind: ResourceType, name: str, operation: AclOperation) -> tuple[Any, ...]:
    return kind, name, ResourcePatternType.PREFIXED, f"User:{USER}", "*", operation, AclPermissionType.ALLOW
