"""Rows in processes of their own, two at a time: the next is played while the one before is judged.

One row at a time is played, as what is timed in it must not wait for the load of another. What the oracle makes of a
row takes one core for a while, and nobody waits for it.
"""

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

from tests.faults.outcome import Outcome

AT_ONCE: Final = 2
END_SECONDS: Final = 60.0
_SPAWN: Final = multiprocessing.get_context("spawn")
_ASKED: Final = "asked for the turn"
_GIVEN_BACK: Final = "gave the turn back"

Play = Callable[[int, "Turn"], Outcome]


class Turn:
    """The right to play; whoever has no others beside it always has it."""

    def __init__(self, others: "Connection[object, object] | None" = None) -> None:
        self._others = others
        self._have = others is None

    def take(self) -> None:
        """Waits for it."""
        if self._others is not None and not self._have:
            self._others.send(_ASKED)
            self._others.recv()
            self._have = True

    def give_back(self) -> None:
        """The next may play."""
        if self._others is not None and self._have:
            self._have = False
            self._others.send(_GIVEN_BACK)


def play_in_turn(faults: Mapping[int, str], play: Play) -> Generator[Outcome]:
    """The outcomes of these rows, each when it is there; of one whose process ends without a word, that it did.
    `faults`: by number, in words.
    """
    waiting, rows = deque(faults), _Rows()
    try:
        while waiting or rows.running:
            while waiting and len(rows.running) < AT_ONCE:
                rows.start(waiting.popleft(), play)
            for number, said in rows.hear():
                if isinstance(said, Outcome):
                    yield said
                else:
                    yield Outcome(number, faults[number], None, None, None, None, False, str(said))
    finally:
        rows.end()


class _Rows:
    """The processes, and whose turn it is."""

    def __init__(self) -> None:
        self.running: dict[Connection[object, object], tuple[int, BaseProcess]] = {}
        self._asking: deque[Connection[object, object]] = deque()
        self._playing: Connection[object, object] | None = None

    def start(self, number: int, play: Play) -> None:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_row, args=(number, play, theirs), name=f"row {number}", daemon=True)
        process.start()
        theirs.close()  # else its end would not be seen
        self.running[ours] = number, process

    def hear(self) -> Iterator[tuple[int, object]]:
        """Waits until they say something; the number and the outcome of each that has ended, or how it ended else."""
        for pipe in wait([*self.running]):
            assert isinstance(pipe, Connection)
            try:
                said = pipe.recv()
            except (EOFError, OSError):
                said = None
            if said == _ASKED:
                self._asking.append(pipe)
                continue
            if pipe is self._playing:
                self._playing = None
            if said != _GIVEN_BACK:
                yield self._end(pipe, said)
        if self._playing is None and self._asking:
            self._playing = self._asking.popleft()
            with contextlib.suppress(OSError):  # it has ended, and is heard of next
                self._playing.send(None)

    def _end(self, pipe: "Connection[object, object]", said: object) -> tuple[int, object]:
        number, process = self.running.pop(pipe)
        process.join(END_SECONDS)
        process.kill()  # one that hangs, if any
        if pipe in self._asking:
            self._asking.remove(pipe)
        return number, said or f"its process ended with {process.exitcode}: clients.log tells why"

    def end(self) -> None:
        """Those still running, in order."""
        for _, process in self.running.values():
            process.terminate()
        for _, process in self.running.values():
            process.join(END_SECONDS)


def _row(number: int, play: Play, others: "Connection[object, object]") -> None:
    others.send(play(number, Turn(others)))
