"""Which Kafka the tests run against, on machines that have little."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from tests.brokers.docker_kafka import docker_answers
from tests.brokers.select import KafkaRequiredError, NoKafkaError, running_kafka
from tests.brokers.single_node import BrokerError, kafka_version


class NoImages(BaseHTTPRequestHandler):
    """A daemon that answers, has no image, and reaches no registry."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/version"):
            self._answer(200, b'{"ApiVersion": "1.44", "Version": "28.0"}')
        elif self.path.endswith("/_ping"):
            self._answer(200, b"OK")
        else:
            self._answer(404, b'{"message": "no such image"}')

    def do_POST(self) -> None:
        self._answer(500, b'{"message": "registry cannot be reached"}')

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "a test"

    def log_message(self, *_: object) -> None:
        """Nothing: the test run's output is for its results."""


@pytest.fixture
def daemon_without_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path / "docker.sock"
    with ThreadingUnixStreamServer(str(path), NoImages) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield
        server.shutdown()
        thread.join()


@pytest.fixture
def no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'nobody.sock'}")


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("daemon_without_images")
def test_brokers_that_are_named_come_before_all_others() -> None:
    said: list[str] = []
    with running_kafka(said.append, {"KAFKA_BOOTSTRAP": "kafka.example:9092"}) as bootstrap:
        assert bootstrap == "kafka.example:9092"
    assert said == ["the brokers of KAFKA_BOOTSTRAP, kafka.example:9092"]


@pytest.mark.usefixtures("no_docker", "no_java")
def test_a_machine_with_nothing_skips_with_every_reason() -> None:
    with pytest.raises(NoKafkaError, match=r"NO KAFKA.*KAFKA_BOOTSTRAP.*Docker daemon.*java.*nothing was proved"):
        running_kafka(print, {}).__enter__()


@pytest.mark.usefixtures("no_docker", "no_java")
def test_where_kafka_is_required_a_machine_with_nothing_fails() -> None:
    with pytest.raises(KafkaRequiredError, match="NO KAFKA"):
        running_kafka(print, {"LEADPULSE_REQUIRE_KAFKA": "1"}).__enter__()


@pytest.mark.usefixtures("daemon_without_images", "no_java")
def test_an_image_that_cannot_be_pulled_is_told() -> None:
    assert docker_answers()
    with pytest.raises(NoKafkaError, match=rf"apache/kafka:{kafka_version()}.*registry cannot be reached.*java"):
        running_kafka(print, {}).__enter__()


@pytest.mark.kafka
@pytest.mark.usefixtures("daemon_without_images")
def test_an_image_that_cannot_be_pulled_leaves_the_local_broker() -> None:
    said: list[str] = []
    try:
        with running_kafka(said.append, {}) as bootstrap:
            assert bootstrap.startswith("127.0.0.1:")
    except NoKafkaError as reason:
        pytest.skip(str(reason))
    assert "registry cannot be reached" in said[0] and said[0].endswith("the local broker is taken")
    assert said[1].endswith("on this machine's Java")


@pytest.mark.usefixtures("no_docker")
def test_a_silent_socket_is_given_up_at_once() -> None:
    began = time.monotonic()
    assert not docker_answers()
    assert time.monotonic() - began < 1


def test_the_version_to_test_on_can_be_named() -> None:
    assert kafka_version({"LEADPULSE_KAFKA_VERSION": "3.9.1"}) == "3.9.1"
    assert kafka_version({}).startswith("4.")
    with pytest.raises(BrokerError, match=r"LEADPULSE_KAFKA_VERSION is '4'.*such as"):
        kafka_version({"LEADPULSE_KAFKA_VERSION": "4"})
