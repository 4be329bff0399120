"""The worker's log: for people or as JSON, each line with the epoch that it is about, none with a secret."""

import json
import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, SecretStr

from schemas.settings import Settings

EPOCH: Final[ContextVar[str]] = ContextVar("epoch", default="")
"""The id of the epoch that is being committed or rolled back; what is logged meanwhile bears it."""

SHORTEST_SECRET: Final = 4
"""A shorter one is no secret, and to strike it out would strike out half of the words."""

_QUIET: Final = ("mode", "faust", "aiohttp.access")


class Veiled(logging.Formatter):
    """Lines for people, without secrets, whatever a library has put into a message."""

    def __init__(self, secrets: frozenset[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s%(about)s")
        self._secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        epoch = EPOCH.get()
        record.about = f" [epoch {epoch}]" if epoch else ""
        return self.veil(super().format(record))

    def veil(self, text: str) -> str:
        """The text with every secret struck out."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class JsonLines(Veiled):
    """An object a line: time (RFC 3339, UTC), level, logger, thread, application, worker, message, and where there is
    one epoch and error (a traceback).
    """

    def __init__(self, secrets: frozenset[str], application: str, worker: str) -> None:
        super().__init__(secrets)
        self._names = {"application": application, "worker": worker}

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"time": time, "level": record.levelname, "logger": record.name, "thread": record.threadName or ""}
        said |= self._names | {"message": self.veil(record.getMessage())}
        if epoch := EPOCH.get():
            said["epoch"] = epoch
        if record.exc_info:
            said["error"] = self.veil(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


def set_up_log(settings: Settings, level: str) -> None:
    """Has everything from this level on written to standard error as the settings say."""
    secrets = frozenset(secret for secret in _secrets(settings) if len(secret) >= SHORTEST_SECRET)
    handler = logging.StreamHandler(sys.stderr)
    if settings.log.format == "json":
        handler.setFormatter(JsonLines(secrets, settings.application, settings.worker))
    else:
        handler.setFormatter(Veiled(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _secrets(section: BaseModel) -> Iterator[str]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets(value)
