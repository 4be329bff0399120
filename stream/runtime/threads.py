"""Threads with a name, and one that does what it is given in turn."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")


def show_name(name: str) -> None:
    """Names the calling thread, in 15 characters at most, as `top -H` and /proc show it. Does nothing but on Linux.

    Python before 3.14 keeps the names that it is given to itself.
    """
    with suppress(OSError):
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)


class Lane:
    """A thread that calls what it is given, one after the other.

    A daemon, which an executor's threads are not: a call that never returns keeps no process from its end.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._given: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    async def call(self, function: Callable[[], Result], seconds: float) -> Result:
        """Its result. Raises what it raises, and TimeoutError where it has not returned by then; it may still do so."""
        if not self._thread.is_alive():
            self._thread.start()
        future: Future[Result] = Future()
        self._given.put((future, function))
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), seconds)

    def leave(self) -> None:
        """Nothing may follow. It ends by itself when what it was given returns, if ever."""
        self._given.put(None)

    def close(self) -> None:
        """Waits for what was given. Nothing may follow."""
        self._given.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        show_name(self._name)
        while (given := self._given.get()) is not None:
            future, function = given
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
