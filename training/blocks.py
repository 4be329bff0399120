"""The files of an event log in blocks of whole lines, each file read once and digested as it goes by."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import numpy as np

from stream.core.lead import Ints
from stream.core.octets import Octets
from training.parquet_log import is_parquet, parquet_lines
from training.refusal import TrainingRefused

GZIP: Final = b"\x1f\x8b"
SIZE: Final = 1 << 22
"""Bytes of a block, and of what is read at a time: some ten thousand events."""
_NEWLINE: Final = 10
_PADDING: Final = 8
"""A scan of the last bytes may look a little further."""


class Block(NamedTuple):
    """N whole lines: line i is data[at[i]:at[i + 1] - 1], with a zero byte in place of its end.

    number: that of its first line in the file, from 1 on. share: how much of all files has been read, 0 to 1.
    """

    path: Path
    number: int
    data: Octets
    at: Ints
    share: float

    def line(self, i: int) -> bytes:
        """Line i without white space around it."""
        return self.data[self.at[i] : self.at[i + 1] - 1].tobytes().strip()


class Files:
    """The files of a log, read one after the other."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.digests: list[tuple[str, str]] = []
        """Name and SHA-256 of each file read to its end."""

    def blocks(self) -> Iterator[Block]:
        """All lines. Raises TrainingRefused where a file cannot be read."""
        total = sum(path.stat().st_size for path in self._paths if path.exists())
        before = 0
        for path in self._paths:
            try:
                with path.open("rb") as file:
                    size = path.stat().st_size
                    source = _Digested(file)
                    for number, data, at in _lines_of(path, source):
                        yield Block(path, number, data, at, (before + min(source.read_so_far, size)) / max(total, 1))
                    before += size
                    self.digests.append((path.name, source.digest()))
            except (OSError, EOFError, zlib.error) as error:
                cause = getattr(error, "strerror", None) or str(error)
                raise TrainingRefused(
                    f"cannot read the event log {path}: {cause}; give a whole file of JSON Lines, plain or .gz, "
                    "or of Parquet"
                ) from None


def digest_of(path: Path) -> tuple[str, str]:
    """Name and SHA-256 of a file beside the log."""
    with path.open("rb") as file:
        return path.name, hashlib.file_digest(file, "sha256").hexdigest()


class _Digested:
    """A file of which every byte read is digested."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.read_so_far = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        self.read_so_far += len(data)
        return data

    def digest(self) -> str:
        while self.read(SIZE):  # what no reader asked for is part of the file all the same
            pass
        return self._digest.hexdigest()


def _lines_of(path: Path, source: _Digested) -> Iterator[tuple[int, Octets, Ints]]:
    """Blocks of a file: number of the first line, bytes, places of the lines."""
    number = 1
    for text in _texts(path, source):
        data = np.frombuffer(text + bytes(_PADDING), np.uint8).copy()
        ends = np.flatnonzero(data[: len(text)] == _NEWLINE)
        data[ends] = 0
        at = np.concatenate([np.zeros(1, np.int64), ends + 1])
        yield number, data, at
        number += len(ends)


def _texts(path: Path, source: _Digested) -> Iterator[bytes]:
    """The file's text in pieces that end with a line's end."""
    if is_parquet(path):
        yield from parquet_lines(path)
        return
    with path.open("rb") as probe:
        packed = probe.read(2) == GZIP
    file = gzip.GzipFile(fileobj=cast(IO[bytes], source)) if packed else source
    rest: list[bytes] = []
    while piece := file.read(SIZE):
        end = piece.rfind(b"\n") + 1
        if end == 0:
            rest.append(piece)
            continue
        yield b"".join([*rest, piece[:end]])
        rest = [piece[end:]]
    if last := b"".join(rest):
        yield last + b"\n"
