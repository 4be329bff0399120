"""A registry's files in an object store, by any URL that fsspec knows, such as `s3://bucket/prefix`.

What is relied on: an object is put whole or not at all, what was put can be read at once, and a put "only if there is
none" (S3: `If-None-Match: *`) succeeds for one of several who try. Addresses and credentials are those of the store's
own client: for S3 `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, roles of the pod and so on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import fsspec

_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    # The client's own limits would hold up a look at a store that is away for minutes.
    "s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 20, "retries": {"max_attempts": 2}}},
}
_TAKEN: Final = ("PreconditionFailed", "ConditionalRequestConflict")
"""S3's codes for a put that was to be the first; the client knows only the first one, and only from AWS itself."""
_EXTRAS: Final = {"s3": "pip install 'leadpulse[s3]'"}


class Bucket:
    """Reads and writes objects below one URL. Names have slashes; every method raises OSError."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._opened: Any = None

    def place(self, name: str) -> str:
        """Where the object is, for messages."""
        return f"{self._url}/{name}"

    def read(self, name: str) -> bytes:
        """The object's bytes. Raises FileNotFoundError."""
        with _as_os_errors():
            return bytes(self._files().cat_file(self.place(name)))

    def names(self, folder: str) -> list[str]:
        """What lies in a folder; nothing where there is none."""
        with _as_os_errors():
            files = self._files()
            files.invalidate_cache()
            try:
                found = files.ls(self.place(folder).rstrip("/"), detail=False)
            except FileNotFoundError as error:
                _refuse_missing_bucket(error)
                return []
        return sorted({each.rstrip("/").rsplit("/", 1)[-1] for each in found})

    def replace(self, name: str, data: bytes) -> None:
        """Puts the object in the place of an older one: readers see the one or the other."""
        with _as_os_errors():
            self._files().pipe_file(self.place(name), data)

    def create(self, name: str, data: bytes) -> bool:
        """Writes the object unless there is one: of several who try at once exactly one gets True."""
        with _as_os_errors():
            try:
                self._files().pipe_file(self.place(name), data, mode="create")
            except FileExistsError:
                return False
            except OSError as error:
                if _code(error) in _TAKEN:
                    return False
                raise
        return True

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Puts these objects in their order; the last one, which readers look for first, says that all are there."""
        *_, last = files
        if last in self.names(folder):
            return
        for name, data in files.items():
            self.replace(f"{folder}/{name}", data)

    def _files(self) -> Any:
        """Opened when it is first needed: a worker starts, and says what is wrong, while its store is away."""
        if self._opened is None:
            protocol = self._url.split("://", 1)[0]
            options = _OPTIONS.get(protocol, {})
            try:
                self._opened, _ = fsspec.core.url_to_fs(self._url, use_listings_cache=False, **options)
            except ImportError as error:
                remedy = _EXTRAS.get(protocol, f"install what fsspec needs for {protocol}")
                raise OSError(f"{error}; {remedy}") from None
            except ValueError as error:
                raise OSError(
                    f"{error}; give a directory, or a URL that fsspec knows, such as s3://bucket/models"
                ) from None
        return self._opened


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Stores raise errors of their own clients, connection errors among them."""
    try:
        yield
    except FileNotFoundError as error:
        _refuse_missing_bucket(error)
        raise
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}") from error


def _refuse_missing_bucket(error: FileNotFoundError) -> None:
    """A bucket that is not there is a mistake in the settings, not an empty registry."""
    if _code(error) == "NoSuchBucket":
        raise OSError(f"there is no such bucket: {error}") from error


def _code(error: OSError) -> str:
    """S3's own code of an error, which is more exact than Python's."""
    answer = getattr(error.__cause__, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""
