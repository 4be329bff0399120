"""What a model was made from, as the manifest records it: files, counts, and what was left out and why."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.positions import Positions
from schemas.target import Target
from schemas.times import format_duration, format_time
from stream.core.lead import LATER
from training.log import EventLog
from training.moments import describe, groups
from training.refusal import TrainingRefused
from training.taking import LeftOut


def record_events(log: EventLog, left_out: LeftOut) -> dict[str, Any]:
    """Of the log: files with digests, lines by what became of them, leads and their outcomes."""
    lives = log.lives
    seen = lives.first < LATER
    return {
        "files": [{"name": name, "sha256": found} for name, found in log.files],
        "lines": log.lines,
        "unreadable": log.unreadable,
        "silent": log.silent,
        "unordered": log.unordered,
        "repeated": left_out.repeated,
        "first": format_time(log.begin),
        "last": format_time(log.end),
        "outcomes_known_until": format_time(log.known),
        "leads": int(seen.sum()),
        "converted": int((lives.outcome[seen] < LATER).sum()),
        "converted_before_first_moment": left_out.never_asked,
        "outcomes": asdict(log.listed) if log.listed is not None else None,
    }


def record_target(target: Target) -> dict[str, Any]:
    """The question: which outcome, how soon, asked when."""
    return {
        "name": target.name,
        "within": format_duration(target.within),
        "moments": describe(target.moments),
        "kind": target.moments.kind,
        "groups": groups(target.moments),
    }


def record_positions(path: Path | None, log: EventLog) -> dict[str, Any] | None:
    """Where the topics had been read to, by the file that `leadpulse history` wrote beside one of the log's files.

    Raises TrainingRefused where it cannot be read, or speaks of another file.
    """
    if path is None:
        return None
    try:
        positions = Positions.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrainingRefused(f"cannot read the positions {path}: {error.strerror or error}") from None
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise TrainingRefused(
            f"{path} does not hold the positions that `leadpulse history` writes: {where}: {error.errors()[0]['msg']}"
        ) from None
    if positions.sha256 not in {digest for _, digest in log.files}:
        raise TrainingRefused(f"the positions {path} are of another log: none of --events has its digest")
    return positions.model_dump(mode="json")
