"""`leadpulse train` on the worlds of `logs`, and what it left behind."""

import argparse
from pathlib import Path
from typing import Any, Final

import yaml

from leadpulse.commands import train
from schemas.manifest import ModelManifest
from stream.models.registry import Registry
from tests.training.logs import settings

DAYS: Final = "1,3,7,14"
EVERY_FAMILY: Final = {"budget": 20_000}
"""All families, tuned a little."""
QUICK: Final = {"candidates": ["logistic"], "budget": 0}
"""Of `learning`, for those who ask for a model and not for the best."""


def leadpulse_train(folder: Path, *paths: Path, more: tuple[str, ...] = (), learning: dict[str, Any] = QUICK) -> int:
    """The command's exit status; its registry is `folder/models`."""
    config = folder / "settings.yaml"
    sections = settings().model_dump(mode="json", include={"observed", "features", "scorecard"})
    config.write_text(yaml.safe_dump(sections | {"learning": learning}), encoding="utf-8")
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    where = ["--config", str(config), "--out", str(folder / "models"), "--snapshots", DAYS]
    arguments = parser.parse_args(["train", "--events", *map(str, paths), *where, *more])
    return int(arguments.run(arguments))


def manifest(folder: Path) -> ModelManifest:
    """That of the only model in the registry."""
    (path,) = folder.glob("models/*/manifest.json")
    return ModelManifest.model_validate_json(path.read_bytes())


def in_force(folder: Path) -> str | None:
    """The digest that `current` names."""
    return Registry(folder / "models").current()
