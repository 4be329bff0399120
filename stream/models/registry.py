"""The model registry: `<digest>/` with a model's files, `current`, which names the one in force, and `promotions/`.

It lies in a directory or behind a URL that fsspec knows. Models are named by their content, so several jobs may store
and promote at once: a promotion first takes the next number of the log, which only one can have, and then writes
`current`; whoever finds a later number afterwards writes that one's model, so `current` ends as the log does.
"""

import re
import time
from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from schemas.manifest import ModelManifest
from schemas.promotion import Promotion
from schemas.times import format_time
from stream.core.model import ModelFiles, ModelRefused
from stream.models import promotions
from stream.models.bucket import Bucket
from stream.models.directory import Directory

CURRENT: Final = "current"
MANIFEST: Final = "manifest.json"
SCORE: Final = "score.onnx"
EXPLAIN: Final = "explain.onnx"
SHORTEST_PREFIX: Final = 4
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_LOCAL: Final = "file://"


class Overtaken(Exception):
    """Another model was promoted since the registry was looked at; what was judged against the older one is void."""


class UnknownModel(LookupError):
    """The registry has no model of this name, or several."""


class _Place(promotions.Files, Protocol):
    """Where the registry's files are; see Directory and Bucket."""

    def replace(self, name: str, data: bytes) -> None: ...
    def add(self, folder: str, files: dict[str, bytes]) -> None: ...


class Registry:
    """Reads and writes one registry. Reading raises ModelRefused, writing also OSError."""

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)
        self._files = _open(self.location)

    def current(self) -> str | None:
        """The digest in force; None where there is none yet. Raises ModelRefused where `current` names nothing."""
        place = self._files.place(CURRENT)
        try:
            text = self._files.read(CURRENT).decode("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ModelRefused("unreadable", f"cannot read {place}: {error}") from None
        if _DIGEST.fullmatch(text) is None:
            raise ModelRefused("unreadable", f"{place} holds no digest: promote a model again")
        return text

    def load(self, digest: str) -> ModelFiles:
        """The files of a model, whose manifest is proved to have this digest. Raises ModelRefused."""
        try:
            files = ModelFiles(*(self._files.read(f"{digest}/{name}") for name in (MANIFEST, SCORE, EXPLAIN)))
        except OSError as error:
            raise ModelRefused("unreadable", f"cannot read model {digest[:12]}: {error}") from None
        _prove(digest, files.digest)
        return files

    def manifest(self, digest: str) -> ModelManifest:
        """A model's manifest, proved to have this digest. Raises ModelRefused."""
        try:
            data = self._files.read(f"{digest}/{MANIFEST}")
            _prove(digest, ModelFiles(data, b"", b"").digest)
            return ModelManifest.model_validate_json(data)
        except (OSError, ValidationError) as error:
            cause = " ".join(str(error).split())[:300]
            raise ModelRefused("unreadable", f"cannot read the manifest of model {digest[:12]}: {cause}") from None

    def place(self, digest: str) -> str:
        """Where a model's files are, for people."""
        return self._files.place(digest)

    def models(self) -> list[str]:
        """The digests of all stored models. Raises OSError."""
        return [name for name in self._files.names("") if _DIGEST.fullmatch(name)]

    def find(self, name: str) -> str:
        """The digest that begins with `name`, or the one in force for `current`. Raises UnknownModel, OSError."""
        if name == CURRENT:
            found = self.current()
            if found is None:
                raise UnknownModel(f"no model is in force in {self.location}: the rules score")
            return found
        fitting = [digest for digest in self.models() if digest.startswith(name.lower())]
        if len(name) < SHORTEST_PREFIX:
            raise UnknownModel(f"{name!r} is too short: give at least {SHORTEST_PREFIX} characters of the digest")
        if not fitting:
            raise UnknownModel(f"no model in {self.location} begins with {name!r}: see `leadpulse models list`")
        if len(fitting) > 1:
            several = ", ".join(digest[: len(name) + 8] for digest in fitting)
            raise UnknownModel(f"several models in {self.location} begin with {name!r}: {several}; give more of it")
        return fitting[0]

    def add(self, files: ModelFiles, extra: dict[str, bytes] | None = None) -> str:
        """Stores a model, with further files for people, whole or not at all; returns its digest."""
        # The manifest last: in an object store it is what makes the others a model.
        content = {SCORE: files.score, EXPLAIN: files.explain} | (extra or {}) | {MANIFEST: files.manifest}
        self._files.add(files.digest, content)
        return files.digest

    def promotions(self) -> list[Promotion]:
        """Every promotion, the oldest first."""
        return promotions.read_all(self._files)

    def promoted(self) -> int:
        """The number of the latest promotion, for `promote`. Raises OSError."""
        return promotions.count(self._files)

    def promote(
        self, digest: str, *, by: str = "", forced: bool = False, reason: str = "", after: int | None = None
    ) -> None:
        """Puts a stored model in force: readers see the old one or the new one, never neither.

        after: the number of the promotion that the caller judged against; raises Overtaken where there is a later one.
        """
        self.load(digest)
        self._put_in_force("promotion", digest, by, forced, reason, after)

    def roll_back(self, *, by: str = "", reason: str = "") -> str:
        """Puts the model that was in force before back in force; returns its digest. Raises UnknownModel for none."""
        after = self.promoted()
        current = self.current()
        before = None if current is None else promotions.model_before(self.promotions(), current)
        if before is None:
            raise UnknownModel(f"no model was in force before in {self.location}: promote one by its digest")
        self.load(before)
        self._put_in_force("rollback", before, by, False, reason, after)
        return before

    def _put_in_force(self, action: str, digest: str, by: str, forced: bool, reason: str, after: int | None) -> None:
        while True:
            latest = promotions.count(self._files)
            if after is not None and latest != after:
                raise Overtaken(f"another model was promoted in {self.location} meanwhile: judge again")
            previous = promotions.read(self._files, latest).model if latest else self.current()
            if previous == digest and latest:
                break  # it is the latest already
            entry = {
                "number": latest + 1, "time": format_time(time.time_ns() // 1_000_000), "action": action,
                "model": digest, "previous": previous, "by": by, "forced": forced, "reason": reason,
            }  # fmt: skip
            if promotions.append(self._files, Promotion.model_validate(entry)):
                break
        self._follow_log()

    def _follow_log(self) -> None:
        """Writes the log's latest model to `current`, until no later one came meanwhile."""
        written = 0
        while (latest := promotions.count(self._files)) != written:
            self._files.replace(CURRENT, promotions.read(self._files, latest).model.encode())
            written = latest


def _open(location: str) -> _Place:
    if location.startswith(_LOCAL):
        return Directory(Path(location.removeprefix(_LOCAL)))
    return Bucket(location) if _URL.match(location) else Directory(Path(location))


def _prove(digest: str, found: str) -> None:
    if found != digest:
        raise ModelRefused("digest", f"model {digest[:12]}: its manifest was changed after it was made")
