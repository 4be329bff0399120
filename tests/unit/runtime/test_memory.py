"""A worker without memory ends, whatever its threads are doing."""

import subprocess
import sys
from typing import Final

PROGRAM: Final = """
import asyncio, logging, resource, threading
from stream.runtime.memory import end_out_of_memory

logging.basicConfig(format="%(levelname)s %(message)s")
threading.Thread(target=threading.Event().wait).start()  # it never ends, and an orderly end would wait for it

async def work():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
    try:
        bytes(1 << 30)
    except MemoryError:
        end_out_of_memory()

asyncio.run(work())
"""


def test_it_ends_with_the_remedy() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("CRITICAL stopped: the system gives this worker no more memory"), done.stderr
    assert "limits.hot_memory" in done.stderr
