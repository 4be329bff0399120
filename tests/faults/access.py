"""Row 14: a wrong password, an expired certificate, and ACLs that are missing."""

from typing import Any, Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
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
            ended = _without_acls(stage, worker)
            stage.recover(worker)
            load.finish()
            stage.settle(worker)
            stage.findings.note(f"without WRITE on a topic it ended {ended} times, each time with the reason")
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


def _without_acls(stage: Stage, worker: WorkerProcess) -> int:
    """The worker's user may first not see one of the outputs and then not write it; how often it ended meanwhile."""
    names, application = stage.deployment.names, stage.deployment.settings.application
    broker = stage.deployment.broker
    outputs = [names.latest, names.alerts, names.dead_letters]
    _allow(broker, ResourceType.TOPIC, [*map(names.input, names.inputs), names.changelog], _READ)
    _allow(broker, ResourceType.TOPIC, [names.changelog, *outputs], _WRITE)
    _allow(broker, ResourceType.GROUP, [application], _READ)
    _allow(broker, ResourceType.TRANSACTIONAL_ID, [application], _WRITE)
    stage.keep_up(worker)
    worker.start()
    stage.wait_for(lambda: "add an ACL" in " ".join(worker.missing()), 60, "missing a topic")
    _allow(broker, ResourceType.TOPIC, [names.changes], _DESCRIBE)
    stage.wait_for(lambda: "lacks an ACL on a topic" in worker.log_file.read_text(), 60, "refused a write")
    stage.sleep(stage.given.choose(10, 4))
    said = worker.log_file.read_text()
    ended = len(stage.ended)
    stage.findings.require(set(stage.ended) <= {1}, f"it ended with {sorted(set(stage.ended))}")
    stage.findings.require(said.count("lacks an ACL") >= max(1, ended), "it ended without a word")
    _allow(broker, ResourceType.TOPIC, [names.changes], _WRITE)
    return ended


def _allow(broker: Broker, kind: ResourceType, names: list[str], operation: AclOperation) -> None:
    """The worker's user may do this with everything whose name begins so."""
    bindings = [
        AclBinding(kind, name, ResourcePatternType.PREFIXED, f"User:{USER}", "*", operation, AclPermissionType.ALLOW)
        for name in names
    ]
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for done in admin.create_acls(bindings).values():
        done.result(timeout=20)
