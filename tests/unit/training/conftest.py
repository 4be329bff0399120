"""One thread for the numerical libraries, as in the job: several slow each other down on small data."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    with threadpool_limits(limits=1):
        yield
