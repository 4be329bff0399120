"""The names by which the operating system knows threads."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stream.runtime.threads import show_name

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no names in /proc")


def name_of_this_thread() -> str:
    return Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text().strip()


def test_a_thread_shows_its_name_and_the_others_keep_theirs() -> None:
    before = name_of_this_thread()
    with ThreadPoolExecutor(1, initializer=show_name, initargs=("transaction",)) as threads:
        assert threads.submit(name_of_this_thread).result() == "transaction"
    assert name_of_this_thread() == before
