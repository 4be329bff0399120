"""A worker that connects by tokens, on a real Kafka that looks at them."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from tests.brokers.local_kafka import LocalKafka
from tests.brokers.single_node import free_ports
from tests.integration.deployment import Broker, deploy
from tests.integration.process import WorkerProcess

_HOST: Final = "127.0.0.1"
_LOGIN: Final = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"
_SECRET: Final = "s3cret"


class TokenKafka(LocalKafka):
    """With a listener for tokens. Kafka's stock validator reads their claims and asks for no signature."""

    def __init__(self) -> None:
        super().__init__()
        (port,) = free_ports(1, _HOST)
        self.by_token = f"{_HOST}:{port}"

    def _properties(self) -> dict[str, str]:
        plain = super()._properties()
        return plain | {
            "listeners": f"{plain['listeners']},TOKEN://{self.by_token}",
            "advertised.listeners": f"{plain['advertised.listeners']},TOKEN://{self.by_token}",
            "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},TOKEN:SASL_PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.name.token.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.token.oauthbearer.sasl.jaas.config": _LOGIN,
        }


@contextmanager
def token_endpoint(asked: list[str]) -> Iterator[str]:
    """Gives a token to a client that knows the secret. asked: the bodies of the requests that were granted."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            expected = base64.b64encode(f"leadpulse:{_SECRET}".encode()).decode()
            granted = self.headers["Authorization"] == f"Basic {expected}"
            answer = {"access_token": _token(), "token_type": "Bearer"} if granted else {"error": "invalid_client"}
            content = json.dumps(answer).encode()
            self.send_response(200 if granted else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            if granted:
                asked.append(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer((_HOST, 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{_HOST}:{server.server_port}/token"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _token() -> str:
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": "leadpulse", "scope": "kafka", "iat": now, "exp": now + 300})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


@pytest.mark.kafka
@pytest.mark.nightly
def test_a_worker_connects_by_tokens_and_says_when_it_gets_none(tmp_path: Path) -> None:
    asked: list[str] = []
    with TokenKafka() as kafka, token_endpoint(asked) as endpoint:
        broker = Broker(kafka.bootstrap, real=True)
        security: dict[str, object] = {
            "protocol": "oauth",
            "token_endpoint": endpoint,
            "client_id": "leadpulse",
            "scope": "kafka",
        }
        security |= {"client_secret": "wrong", "tls": False}
        connection = {"bootstrap": kafka.by_token, "security": security}
        deployment = deploy(broker, tmp_path, "oauth", kafka=connection)
        deployment.create_topics()
        with WorkerProcess(deployment) as worker:
            worker.start()
            worker.wait_for(
                lambda: any("token" in each for each in worker.missing()), 60, "without a token, and said so"
            )
            assert not asked
            worker.stop()
            worker.start({"LEADPULSE__KAFKA__SECURITY__CLIENT_SECRET": _SECRET})
            worker.wait_ready()
            worker.stop()
        assert "scope=kafka" in asked[0]
        assert _SECRET not in worker.log_file.read_text(encoding="utf-8")
