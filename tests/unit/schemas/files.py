"""Settings as tests give them: the shipped ones with a few sections changed."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.load import default_settings, load_settings
from schemas.settings import Settings

_SHIPPED: Final = default_settings()

Change = Callable[[dict[str, Any]], None]


def shipped(change: Change | None = None) -> Settings:
    """The shipped settings after a change of their plain content."""
    content = copy.deepcopy(_SHIPPED)
    if change is not None:
        change(content)
    return Settings.model_validate(content)


def load(directory: Path, text: str | dict[str, Any], environment: dict[str, str] | None = None) -> Settings:
    """The settings from a file with this content."""
    path = directory / "leadpulse.yaml"
    path.write_text(text if isinstance(text, str) else yaml.safe_dump(text), encoding="utf-8")
    return load_settings(path, environment or {})
