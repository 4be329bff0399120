"""The demo's own deployment: a folder for everything it writes, settings and a free port."""

import shutil
import socket
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.load import load_settings
from schemas.settings import Settings

FOLDER: Final = Path("build/demo")
CONFIG: Final = FOLDER / "leadpulse.yaml"
HISTORY: Final = FOLDER / "history.jsonl.gz"
PREFIX: Final = "demo"


def clear_folder() -> None:
    """Removes what an earlier demo left: its state belongs to a broker that is gone."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)


def configure(bootstrap: str) -> Settings:
    """Writes the settings file, as a user would, and reads it."""
    content: dict[str, Any] = {
        "application": "demo",
        "kafka": {"bootstrap": bootstrap},
        "topics": {"prefix": PREFIX},
        "state": str(FOLDER / "state"),
        "models": str(FOLDER / "models"),
        "web": {"host": "127.0.0.1", "port": _free_port()},
        # Two families without tuning: somebody is watching.
        "learning": {"candidates": ["logistic", "gradient_boosting"], "budget": 0},
    }
    CONFIG.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_settings(CONFIG, {})


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
