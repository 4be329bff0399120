"""A registry's files in a directory: each file whole or not at all, and still there after a power cut."""

import errno
import os
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_NO_SYNC: Final = (errno.EINVAL, errno.ENOTSUP)
"""What file systems answer that do not sync directories; nothing is to be done about them."""


class Directory:
    """Reads and writes files below one directory. Names have slashes; every method raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def place(self, name: str) -> str:
        """Where the file is, for messages."""
        return str(self._path / name)

    def read(self, name: str) -> bytes:
        """The file's bytes. Raises FileNotFoundError."""
        return (self._path / name).read_bytes()

    def names(self, folder: str) -> list[str]:
        """What lies in a folder, without files under way; nothing where there is none."""
        try:
            return sorted(each.name for each in (self._path / folder).iterdir() if not each.name.startswith("."))
        except FileNotFoundError:
            return []

    def replace(self, name: str, data: bytes) -> None:
        """Puts the file in the place of an older one: readers see the one or the other."""
        incoming = self._incoming(name, data)
        try:
            incoming.replace(self._path / name)
        except OSError:
            incoming.unlink(missing_ok=True)
            raise
        _sync_folder(incoming.parent)

    def create(self, name: str, data: bytes) -> bool:
        """Writes the file unless there is one: of several who try at once exactly one gets True."""
        incoming = self._incoming(name, data)
        try:
            # A link, unlike a rename, refuses a name that is taken, and unlike O_EXCL it shows no half of a file.
            os.link(incoming, self._path / name)
        except FileExistsError:
            return False
        finally:
            incoming.unlink(missing_ok=True)
        _sync_folder(incoming.parent)
        return True

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Makes a folder with these files, whole or not at all; leaves one that is there as it is."""
        target = self._path / folder
        if target.exists():
            return
        self._path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._path, prefix=".incoming-") as incoming:
            whole = Path(incoming) / "whole"
            whole.mkdir()
            for name, data in files.items():
                _write_durably(whole / name, data)
            _sync_folder(whole)
            try:
                whole.rename(target)
            except OSError:
                if not target.exists():  # otherwise another job stored the same content first
                    raise
        _sync_folder(self._path)

    def _incoming(self, name: str, data: bytes) -> Path:
        """A file beside its future place, written to the disk."""
        folder = (self._path / name).parent
        folder.mkdir(parents=True, exist_ok=True)
        # Not the process id: jobs in containers share the registry and often have the same one.
        incoming = folder / f".incoming-{uuid.uuid4().hex}"
        try:
            _write_durably(incoming, data)
        except OSError:
            incoming.unlink(missing_ok=True)
            raise
        return incoming


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Without it a power cut may take back a rename whose file is safe on the disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(folder)
