"""Settings from one YAML file and the environment, or an error that names the field and the remedy."""

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from schemas.settings import Settings

PREFIX: Final = "LEADPULSE__"
DEFAULTS: Final = "defaults.yaml"
_SECRETS: Final = ("password", "client_secret")
_VERBATIM: Final = (*_SECRETS, "username", "client_id")


class SettingsError(Exception):
    """The settings cannot be used; the message names each field and what is wrong with it."""


def default_settings() -> dict[str, Any]:
    """The signals and features that ship with the product, as they stand in `schemas/defaults.yaml`."""
    content = yaml.safe_load(resources.files("schemas").joinpath(DEFAULTS).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def load_settings(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads the file (the shipped defaults alone where None), then lets `LEADPULSE__SECTION__KEY=value` override.

    A section of the file replaces that section of the defaults as a whole. Raises SettingsError.
    """
    content = default_settings() | (_read(path) if path is not None else {})
    for name, text in environment.items():
        if name.startswith(PREFIX):
            _override(content, name, text)
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        source = f"{path} and the environment" if path is not None else "the environment"
        lines = [f"  {'.'.join(map(str, each['loc'])) or 'settings'}: {_plain(each)}" for each in error.errors()]
        raise SettingsError(f"settings from {source} cannot be used:\n" + "\n".join(lines)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}; name one with --config") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not YAML: {' '.join(str(error).split())}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise SettingsError(f"the settings file {path} must hold sections such as `kafka:`, not a {kind}")
    return content


def _override(content: dict[str, Any], name: str, text: str) -> None:
    *sections, key = name.removeprefix(PREFIX).lower().split("__")
    for section in sections:
        inner = content.get(section)
        content[section] = dict(inner) if isinstance(inner, dict) else {}
        content = content[section]
    # Only lists and maps are read as YAML. The rest stays text, which the settings convert: a name may be a number.
    try:
        value = text if key in _VERBATIM else yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    content[key] = value if isinstance(value, list | dict) else text


def _plain(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "no such setting; see `leadpulse config explain`"
    if error["type"] == "model_type":
        return f"must hold settings, see `leadpulse config explain` (not {error['input']!r})"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    # What was given is shown, unless it is a whole section or a secret.
    given = repr(error["input"])
    secret = any(name in error["loc"] for name in _SECRETS)
    if error["type"] == "missing" or isinstance(error["input"], dict) or secret or given in message:
        return message
    return f"{message} (not {given})"
