"""An object store that speaks S3, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from moto.server import ThreadedMotoServer

CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def object_store() -> Iterator[ThreadedMotoServer]:
    """A running one, with a free port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def environment(server: ThreadedMotoServer) -> dict[str, str]:
    """The variables by which S3's clients find it, as in production."""
    host, port = server.get_host_and_port()
    return CREDENTIALS | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
