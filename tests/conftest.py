"""Settings of every test run: reproducible examples, and compiled kernels that are never older than their source."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.integration.deployment import Broker

ROOT: Final = Path(__file__).parent.parent


def _kernels_digest() -> str:
    """Digest of the kernels' sources. Numba looks at a function's own file only, not at what it imports."""
    paths = (ROOT / "stream").rglob("*.py")
    sources = {".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text("utf-8") for path in paths}
    found: set[str] = set()
    wanted = {name for name, source in sources.items() if "@njit" in source}
    while wanted:
        found |= wanted
        imported = {each for name in wanted for each in re.findall(r"^from (stream[.\w]+) import", sources[name], re.M)}
        wanted = imported & sources.keys() - found
    return hashlib.sha256("\0".join(sources[name] for name in sorted(found)).encode()).hexdigest()[:16]


# Numba reads this when it is imported, which no test does before this file.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "build" / "numba" / _kernels_digest()))

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci")


_KAFKA = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def real_kafka(pytestconfig: pytest.Config) -> Iterator[Broker]:
    """A real Kafka, one for the whole run: each test has topics of its own."""
    from tests.brokers.select import NoKafkaError, running_kafka
    from tests.integration.deployment import Broker

    said = pytestconfig.stash.setdefault(_KAFKA, [])
    with ExitStack() as stack:
        try:
            bootstrap = stack.enter_context(running_kafka(said.append))
        except NoKafkaError as reason:
            pytest.skip(str(reason))
        yield Broker(bootstrap, real=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the tests marked kafka ran on, and why on nothing better."""
    for line in config.stash.get(_KAFKA, []):
        terminalreporter.write_line(f"real Kafka: {line}")


@pytest.fixture(scope="session")
def mock_kafka() -> Iterator[Broker]:
    """librdkafka's mock cluster, which proves no guarantee."""
    from tests.brokers.in_process import InProcessKafka
    from tests.integration.deployment import Broker

    with InProcessKafka() as broker:
        yield Broker(broker.bootstrap, real=False)


@pytest.fixture(params=["mock", pytest.param("real", marks=pytest.mark.kafka)])
def kafka(request: pytest.FixtureRequest) -> Broker:
    """Both kinds of broker, one after the other."""
    found: Broker = request.getfixturevalue(f"{request.param}_kafka")
    return found
