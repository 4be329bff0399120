"""Client configurations of librdkafka from the settings, and its errors in words with a remedy."""

import re
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from schemas.kafka import Kafka, Oauth, Sasl, Tls
from schemas.settings import Settings
from stream.runtime.outcomes import TRANSACTION_SECONDS

_NAMESAKE: Final = (
    "another process uses this worker's name (give each worker a `worker` of its own), "
    "or the brokers were away for longer than a transaction may last (a restart mends it)"
)
_REMEDIES: Final = {
    KafkaError._ALL_BROKERS_DOWN: "no broker answers: check kafka.bootstrap and the network",
    KafkaError._TRANSPORT: "a broker cannot be reached: check kafka.bootstrap and the network",
    KafkaError._TIMED_OUT: "no broker answers in time: check kafka.bootstrap, kafka.security and the network",
    KafkaError._RESOLVE: "the address has no entry in DNS: check kafka.bootstrap",
    KafkaError._AUTHENTICATION: "the brokers refuse the credentials: check kafka.security",
    KafkaError._SSL: "no encrypted connection comes about: check kafka.security and the certificates",
    KafkaError.SASL_AUTHENTICATION_FAILED: "the brokers refuse the credentials: check kafka.security",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "the user lacks an ACL on a topic",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "the user lacks an ACL on the group: READ on group = application",
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "the user lacks an ACL on transactional ids",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "the user lacks IDEMPOTENT_WRITE on the cluster",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "a topic does not exist: create it",
    KafkaError._UNKNOWN_TOPIC: "a topic does not exist: create it",
    KafkaError.MSG_SIZE_TOO_LARGE: "a topic refuses large records: lower limits.dead_letter_bytes",
    KafkaError._FENCED: _NAMESAKE,
    KafkaError.INVALID_PRODUCER_EPOCH: _NAMESAKE,
    KafkaError.PRODUCER_FENCED: _NAMESAKE,
}

# "(after 2ms in state CONNECT)": the same trouble must read the same each time, or it is logged as news.
_TIMING: Final = re.compile(r" \(after \d+ms in state .*\)$")


def explain(error: KafkaError | KafkaException) -> str:
    """What happened and what to do, in one line."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    if not isinstance(cause, KafkaError):
        return str(cause)
    remedy = _REMEDIES.get(cause.code())
    return f"{cause.name()}: {_TIMING.sub('', cause.str())}" + (f"; {remedy}" if remedy else "")


def connection(kafka: Kafka) -> dict[str, Any]:
    """What every client needs."""
    common: dict[str, Any] = {
        "bootstrap.servers": kafka.bootstrap,
        "client.id": "leadpulse",
        # Refused connections come through error_cb, once; the client's own log repeats them for every attempt.
        "log_level": 2,
        "reconnect.backoff.max.ms": 2_000,
    }
    security = kafka.security
    if isinstance(security, Tls):
        files = {
            "ssl.ca.location": security.ca,
            "ssl.certificate.location": security.certificate,
            "ssl.key.location": security.key,
        }
        return common | {"security.protocol": "ssl"} | {key: str(path) for key, path in files.items() if path}
    if isinstance(security, Sasl):
        common |= {
            "security.protocol": "sasl_ssl" if security.tls else "sasl_plaintext",
            "sasl.mechanism": security.mechanism,
            "sasl.username": security.username,
            "sasl.password": security.password.get_secret_value(),
        }
        return common | ({"ssl.ca.location": str(security.ca)} if security.ca else {})
    return common | _oauth(security) if isinstance(security, Oauth) else common


def _oauth(security: Oauth) -> dict[str, Any]:
    """Tokens are fetched, and renewed before they run out, by a thread of the client's own."""
    found = {
        "security.protocol": "sasl_ssl" if security.tls else "sasl_plaintext",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": security.token_endpoint,
        "sasl.oauthbearer.client.id": security.client_id,
        "sasl.oauthbearer.client.secret": security.client_secret.get_secret_value(),
    }
    if security.scope is not None:
        found["sasl.oauthbearer.scope"] = security.scope
    if security.ca is not None:
        found |= {"ssl.ca.location": str(security.ca), "https.ca.location": str(security.ca)}
    return found


def input_consumer(settings: Settings) -> dict[str, Any]:
    """The worker's consumer of events."""
    return (
        connection(settings.kafka)
        | _membership(settings)
        | {
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            # Positions are always given. One that the topic no longer has is an error, not a reason to jump.
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 100,
            "fetch.queue.backoff.ms": 1,
            "queued.min.messages": 20_000,
            "queued.max.messages.kbytes": 65_536,
            # Catching up on several topics waits for each of them until it has shown a record or its end.
            "enable.partition.eof": True,
        }
    )


def _membership(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {"group.id": settings.application}
    if settings.kafka.static_membership:
        found["group.instance.id"] = settings.worker
    if settings.kafka.group_protocol == "consumer":  # the brokers balance, and say how long a session lasts
        return found | {"group.protocol": "consumer"}
    return found | {
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": settings.kafka.session_timeout_ms,
        "heartbeat.interval.ms": min(500, settings.kafka.session_timeout_ms // 3),
    }


def changelog_consumer(settings: Settings, isolation: str) -> dict[str, Any]:
    """A reader of the changelog, outside any group."""
    return connection(settings.kafka) | {
        "group.id": f"{settings.application}-restore",
        "enable.auto.commit": False,
        "isolation.level": isolation,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 20,
        # A full queue is looked at again so soon; after the default second it has run dry several times over.
        "fetch.queue.backoff.ms": 1,
        "queued.min.messages": 20_000,
        "queued.max.messages.kbytes": 32_768,
    }


def transactional_producer(settings: Settings) -> dict[str, Any]:
    """The worker's one producer, for exactly once."""
    return _producer(settings) | {
        "transactional.id": f"{settings.application}-{settings.worker}",
        "transaction.timeout.ms": int(TRANSACTION_SECONDS * 1000),
    }


def idempotent_producer(settings: Settings) -> dict[str, Any]:
    """The worker's one producer, for at least once."""
    return _producer(settings) | {
        "enable.idempotence": True,
        # What was kept waiting for longer than others wait for this worker is better produced by them.
        "message.timeout.ms": max(5_000, settings.kafka.session_timeout_ms),
    }


def _producer(settings: Settings) -> dict[str, Any]:
    return connection(settings.kafka) | {
        # Batches fill while an epoch is handed over, and its end (`Outbox.wait`) sends what is left at once.
        "linger.ms": 5,
        "compression.type": "lz4",
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 1_000_000,
        "message.max.bytes": 10_000_000,
    }
