"""From settings to client configurations, and from the client's errors to what a person can do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from pydantic import SecretStr

from schemas.kafka import Kafka, Oauth, Plaintext, Sasl, Tls
from schemas.settings import Settings
from stream.runtime.connection import changelog_consumer, connection, explain, input_consumer, transactional_producer
from tests.unit.schemas.files import shipped

SECRET = "gèheim, 'quoted' = \\ and long"


def secured(security: Plaintext | Tls | Sasl | Oauth) -> dict[str, Any]:
    found = connection(Kafka(bootstrap="one:9092,two:9092", security=security))
    assert found["bootstrap.servers"] == "one:9092,two:9092"
    return {key: value for key, value in found.items() if key.startswith(("security", "ssl", "sasl", "https"))}


def sasl(**changed: Any) -> Sasl:
    usual: dict[str, Any] = {"protocol": "sasl", "mechanism": "SCRAM-SHA-512", "username": "ann"}
    usual["password"] = SecretStr(SECRET)
    return Sasl(**(usual | changed))


def test_plaintext_says_nothing_of_security() -> None:
    assert secured(Plaintext()) == {}


def test_tls_trusts_the_system_where_no_file_is_named() -> None:
    assert secured(Tls(protocol="tls")) == {"security.protocol": "ssl"}


def test_tls_names_the_files_given() -> None:
    assert secured(Tls(protocol="tls", ca=Path("/ca"), certificate=Path("/crt"), key=Path("/key"))) == {
        "security.protocol": "ssl",
        "ssl.ca.location": "/ca",
        "ssl.certificate.location": "/crt",
        "ssl.key.location": "/key",
    }


def test_sasl_is_encrypted_unless_told_otherwise() -> None:
    assert secured(sasl(ca=Path("/ca"))) == {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "ann",
        "sasl.password": SECRET,
        "ssl.ca.location": "/ca",
    }
    assert secured(sasl(tls=False))["security.protocol"] == "sasl_plaintext"


def oauth(**changed: Any) -> Oauth:
    usual: dict[str, Any] = {"protocol": "oauth", "token_endpoint": "https://login.example.com/token"}
    usual |= {"client_id": "ann", "client_secret": SecretStr(SECRET)}
    return Oauth(**(usual | changed))


def test_tokens_are_had_for_the_client_and_its_secret() -> None:
    assert secured(oauth()) == {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "https://login.example.com/token",
        "sasl.oauthbearer.client.id": "ann",
        "sasl.oauthbearer.client.secret": SECRET,
    }
    assert secured(oauth(tls=False))["security.protocol"] == "sasl_plaintext"
    assert secured(oauth(scope="kafka"))["sasl.oauthbearer.scope"] == "kafka"


def test_brokers_and_token_endpoint_are_trusted_by_the_same_file() -> None:
    found = secured(oauth(ca=Path("/ca")))
    assert found["ssl.ca.location"] == found["https.ca.location"] == "/ca"


@pytest.mark.parametrize("secret", [sasl, oauth])
def test_settings_never_show_the_secret(secret: Callable[[], Sasl | Oauth]) -> None:
    settings = shipped(lambda content: content.update(kafka={"security": secret()}))
    for shown in (repr(settings), str(settings.kafka), settings.model_dump_json()):
        assert SECRET not in shown
        assert "**********" in shown


def configured(**kafka: Any) -> Settings:
    return shipped(lambda content: content.update(application="acme", worker="pod-3", kafka=kafka))


@pytest.mark.parametrize("security", [Plaintext(), sasl(mechanism="PLAIN"), sasl(tls=False), oauth(scope="kafka")])
def test_the_client_accepts_every_configuration(security: Plaintext | Sasl | Oauth) -> None:
    settings = configured(security=security)
    Consumer(input_consumer(settings)).close()
    for isolation in ("read_committed", "read_uncommitted"):
        Consumer(changelog_consumer(settings, isolation)).close()
    Producer(transactional_producer(settings))


def test_the_worker_commits_nothing_but_in_transactions_of_its_own_name() -> None:
    assert transactional_producer(configured())["transactional.id"] == "acme-pod-3"
    consumer = input_consumer(configured())
    assert consumer["group.id"] == "acme"
    assert consumer["enable.auto.commit"] is False
    assert consumer["enable.auto.offset.store"] is False
    assert consumer["isolation.level"] == "read_committed"


@pytest.mark.parametrize("session", [1_000, 6_000, 300_000])
def test_several_heartbeats_fit_into_a_session(session: int) -> None:
    consumer = input_consumer(configured(session_timeout_ms=session))
    assert consumer["session.timeout.ms"] == session
    assert 3 * consumer["heartbeat.interval.ms"] <= session


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (KafkaError._ALL_BROKERS_DOWN, "check kafka.bootstrap and the network"),
        (KafkaError._TRANSPORT, "check kafka.bootstrap and the network"),
        (KafkaError._RESOLVE, "no entry in DNS: check kafka.bootstrap"),
        (KafkaError._AUTHENTICATION, "refuse the credentials: check kafka.security"),
        (KafkaError._SSL, "check kafka.security and the certificates"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "lacks an ACL on a topic"),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, "READ on group = application"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, "a topic does not exist: create it"),
        (KafkaError._FENCED, "give each worker a `worker` of its own"),
        (KafkaError.INVALID_PRODUCER_EPOCH, "give each worker a `worker` of its own"),
        (KafkaError.PRODUCER_FENCED, "give each worker a `worker` of its own"),
    ],
)
def test_an_error_is_told_with_what_to_do(code: int, remedy: str) -> None:
    error = KafkaError(code, "what the broker said")
    assert explain(error) == explain(KafkaException(error))
    assert explain(error).startswith(f"{error.name()}: what the broker said; ")
    assert remedy in explain(error)


def test_an_error_reads_the_same_however_long_it_took() -> None:
    refused = "one:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused"
    told = {
        explain(KafkaError(KafkaError._TRANSPORT, refused + timing))
        for timing in (
            " (after 2ms in state CONNECT)",
            " (after 0ms in state CONNECT, 4 identical error(s) suppressed)",
        )
    }
    assert told == {f"_TRANSPORT: {refused}; a broker cannot be reached: check kafka.bootstrap and the network"}


def test_an_error_without_a_remedy_is_told_as_it_is() -> None:
    assert explain(KafkaError(KafkaError._STATE, "what the client said")) == "_STATE: what the client said"


def test_an_exception_without_an_error_is_told_in_its_own_words() -> None:
    assert explain(KafkaException("what happened")) == "what happened"
