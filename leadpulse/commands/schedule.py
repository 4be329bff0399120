"""`leadpulse train --if-due`: whether a scheduler's call is to train now."""

import argparse
import time
from typing import TYPE_CHECKING

from schemas.digest import features_digest
from schemas.settings import Settings
from schemas.times import parse_time
from stream.core.model import Model
from stream.models.registry import Registry

if TYPE_CHECKING:
    from training.cadence import Due

CADENCES = ("weekly", "monthly", "quarterly", "drift")


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option."""
    parser.add_argument(
        "--if-due", choices=CADENCES, metavar="WHEN",
        help="train only if the latest model's data end a week, a month (30 days) or a quarter (91 days) ago, or if "
        "later leads score otherwise than it expects (weekly, monthly, quarterly, drift); else say when and exit 0",
    )  # fmt: skip


def when_due(registry: Registry, settings: Settings, arguments: argparse.Namespace) -> "Due":
    """Whether to train now. Raises TrainingRefused, ModelRefused, OSError."""
    from training.cadence import Due, due_by_drift, due_by_time, latest

    models = {digest: registry.manifest(digest) for digest in registry.models()}
    known = features_digest(settings)
    model = latest(models.values(), known)
    if arguments.if_due != "drift":
        return due_by_time(arguments.if_due, model, time.time_ns() // 1_000_000)
    if model is None:
        return Due(True, "due: no model was trained with these features yet")
    from stream.core.plan import build_plan
    from training.log import read_log
    from training.taking import take_snapshots

    log = read_log(arguments.events, arguments.format, settings, arguments.outcomes)
    # Without a window to wait for, so that the newest leads are seen too.
    snapshots, _ = take_snapshots(log, build_plan(settings), settings.target.moments, 0)
    later = snapshots.of(snapshots.first > parse_time(model.created))
    (digest,) = [digest for digest, manifest in models.items() if manifest is model]
    log_odds = Model(registry.load(digest), known, settings.tiers).score(later.features)[0]
    return due_by_drift(model, later.lead, later.day, log_odds)
