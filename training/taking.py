"""The snapshots of a whole log, put together from its parts, and what gave none."""

from dataclasses import dataclass

import numpy as np

from stream.core.plan import Plan
from training.log import EventLog
from training.moments import Moments
from training.saying import Say, in_silence
from training.snapshots import Question, Snapshots


@dataclass(frozen=True)
class LeftOut:
    """Moments that gave no snapshot, by reason, and what else the log had too much of."""

    converted: int
    """The lead had converted already."""
    open: int
    """The label's window was not over when the log ended."""
    lost: int = 0
    """The lead had ended without converting."""
    never_asked: int = 0
    """Leads that converted by their first moment: nothing is learned or judged about them."""
    repeated: int = 0
    """Events whose lead has an earlier one of the same id: they count once."""


def take_snapshots(
    log: EventLog, plan: Plan, moments: Moments, within: int, say: Say = in_silence
) -> tuple[Snapshots, LeftOut]:
    """The snapshots at these moments, labelled with outcomes `within` milliseconds."""
    parts: list[Snapshots] = []
    left_out = np.zeros(5, np.int64)
    for taken, left in log.parts.answers(Question(plan, moments, within, log.known, log.end), log.lives):
        parts.append(taken)
        left_out += left
        done = sum(map(len, parts))
        say(f"taking snapshots: {done:,}", len(parts) / log.parts.count)
    return _joined(parts), LeftOut(*left_out.tolist())


def _joined(parts: list[Snapshots]) -> Snapshots:
    """All parts as one, by (lead, time). Each part gives its memory back as soon as it has been put in its place."""
    if len(parts) == 1:
        return parts[0]
    lead = np.concatenate([part.lead for part in parts])
    time = np.concatenate([part.time for part in parts])
    order = np.lexsort((time, lead))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    features = np.empty((len(order), parts[0].features.shape[1]), np.float32)
    day, first, label = (
        np.concatenate([getattr(part, name) for part in parts])[order] for name in ("day", "first", "label")
    )
    at = 0
    while parts:
        part = parts.pop(0)
        features[place[at : at + len(part)]] = part.features
        at += len(part)
    return Snapshots(lead[order], day, first, time[order], label, features)
