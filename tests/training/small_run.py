"""A whole run of the training job in a few seconds, for those who look at what comes out of it."""

from pathlib import Path

from schemas.manifest import ModelManifest
from schemas.settings import Settings
from tests.training.logs import World, events, settings, write
from training.job import Options, train
from training.saying import in_silence
from training.split import Floor

TRADES = ("retail", "law <&> tax")
"""A profile field that matters to nobody, with a value that is markup unless it is escaped."""


def small_run(folder: Path) -> ModelManifest:
    """The manifest of a logistic model of 1,200 leads, whose log is in `folder`."""
    rows = events(World(leads=1200))
    for row in rows:
        if "fields" in row:
            row["fields"]["trade"] = TRADES[row["fields"]["employees"] % 2]
    path = write(folder / "log.jsonl", rows)
    known = settings(learning={"candidates": ["logistic"], "budget": 0}).model_dump(mode="json")
    known["observed"]["profile"].append({"kind": "category", "number": 1, "name": "trade", "values": TRADES})
    options = Options([path], "native", 0, Floor(100, 10))
    return train(Settings.model_validate(known), options, in_silence).manifest
