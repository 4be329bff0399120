"""Settings of every test run: reproducible examples, and compiled kernels that are never older than their source."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
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
    wanted = {name for name, source in sources.items() if "@kernel" in source}
    while wanted:
        found |= wanted
        imported = {each for name in wanted for each in re.findall(r"^from (stream[.\w]+) import", sources[name], re.M)}
        wanted = imported & sources.keys() - found
    return hashlib.sha256("\0".join(sources[name] for name in sorted(found)).encode()).hexdigest()[:16]


def _own_copy(cache: Path, process: str) -> Path:
    """Of a test process that runs beside others: two that write one index at a time may leave it pointing at each
    other's code. Begins with what is compiled already.
    """
    own = cache.with_name(f"{cache.name}-{process}")
    if cache.is_dir():
        shutil.copytree(cache, own, dirs_exist_ok=True)
    return own


# Numba reads this when it is imported, which no test does before this file.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "build" / "numba" / _kernels_digest()))
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = str(
        _own_copy(Path(os.environ["NUMBA_CACHE_DIR"]), os.environ["PYTEST_XDIST_WORKER"])
    )

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci")


_LONGEST: Final = ("faults", "fault", "integration", "training", "docs", "property")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: of two processes that share them neither then waits long for the other."""
    places = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(ROOT / "tests").parts[0], len(places)))


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
