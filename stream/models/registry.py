"""The model registry in a directory: `<digest>/` with a model's files, and `current`, which names the one in force."""

import os
import re
import tempfile
import uuid
from pathlib import Path
from typing import Final

from stream.core.model import ModelFiles, ModelRefused

CURRENT: Final = "current"
MANIFEST: Final = "manifest.json"
SCORE: Final = "score.onnx"
EXPLAIN: Final = "explain.onnx"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Registry:
    """Reads and writes one registry."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def current(self) -> str | None:
        """The digest in force; None where there is none yet. Raises ModelRefused where `current` names nothing."""
        try:
            text = (self._directory / CURRENT).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ModelRefused("unreadable", f"cannot read {self._directory / CURRENT}: {error}") from None
        if _DIGEST.fullmatch(text) is None:
            raise ModelRefused("unreadable", f"{self._directory / CURRENT} holds no digest: promote a model again")
        return text

    def load(self, digest: str) -> ModelFiles:
        """The files of a model, whose manifest is proved to have this digest. Raises ModelRefused."""
        folder = self._directory / digest
        try:
            files = ModelFiles(*(Path(folder / name).read_bytes() for name in (MANIFEST, SCORE, EXPLAIN)))
        except OSError as error:
            raise ModelRefused("unreadable", f"cannot read model {digest[:12]}: {error}") from None
        if files.digest != digest:
            raise ModelRefused("digest", f"model {digest[:12]}: its manifest was changed after it was made")
        return files

    def add(self, files: ModelFiles, extra: dict[str, bytes] | None = None) -> str:
        """Stores a model, with further files for people, whole or not at all; returns its digest."""
        self._directory.mkdir(parents=True, exist_ok=True)
        folder = self._directory / files.digest
        if folder.exists():
            return files.digest
        content = {MANIFEST: files.manifest, SCORE: files.score, EXPLAIN: files.explain} | (extra or {})
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=".incoming-") as incoming:
            whole = Path(incoming) / "model"
            whole.mkdir()
            for name, data in content.items():
                _write_durably(whole / name, data)
            try:
                whole.rename(folder)
            except OSError:
                if not folder.exists():  # otherwise another job stored the same content first
                    raise
        return files.digest

    def promote(self, digest: str) -> None:
        """Puts a stored model in force: readers see the old one or the new one, never neither."""
        self.load(digest)
        # Not the process id: jobs in containers share the registry and often have the same one.
        incoming = self._directory / f".{CURRENT}-{uuid.uuid4().hex}"
        _write_durably(incoming, digest.encode())
        incoming.replace(self._directory / CURRENT)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
