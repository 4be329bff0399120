"""Names of threads for the operating system: Python before 3.14 keeps those that it is given to itself."""

import threading
from contextlib import suppress
from pathlib import Path


def show_name(name: str) -> None:
    """Names the calling thread, in 15 characters at most, as `top -H` and /proc show it. Does nothing but on Linux."""
    with suppress(OSError):
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
