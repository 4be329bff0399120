"""The reference job for Python engines: one call and one lead's state in, the lead's new state and maybe a change out.

It is written for speed, as a user of these engines would: msgspec for JSON and state, tiles that hold only what is
there, and each event scored by ONNX Runtime with its own features. It needs nothing of the product.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
NEVER_HOURS: Final = 2160.0
NEVER: Final = 2160 * HOUR
SIGNAL_BITS: Final = 4
"""A tile's key is its number, and in the last bits the signal."""
_SIGNALS: Final = 1 << SIGNAL_BITS
_SIGNAL: Final = _SIGNALS - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Properties(msgspec.Struct):
    """What is read of a call's properties."""

    path: str = ""


class Call(msgspec.Struct):
    """What is read of a Segment call."""

    type: str
    userId: str  # noqa: N815  (Segment's name)
    timestamp: datetime
    properties: Properties
    event: str = "page_view"


class Lead(msgspec.Struct, array_like=True):
    """A lead's state. latest: by signal, in milliseconds since 1970. Hours and days: keys of tiles and their counts."""

    latest: list[int]
    hours: list[int]
    hour_counts: list[int]
    days: list[int]
    day_counts: list[int]
    sequence: int = 0
    told: float = 0.0
    tier: int = 0


class Change(msgspec.Struct):
    """A score change, as it leaves."""

    lead: str
    sequence: int
    as_of: int
    log_odds: float
    tier: str


class Scoring:
    """The job as `job` and `model`, the files, describe it."""

    def __init__(self, model: Path, job: Path) -> None:
        content = json.loads(job.read_text())
        self._rules = [
            (way["name"], way.get("path", "*"), place)
            for place, signal in enumerate(content["observed"]["signals"])
            for way in signal["match"]
        ]
        self._size = len(content["observed"]["signals"])
        self._signals: dict[tuple[str, str], int] = {}
        self._row = _in_order(content)
        self._edges = [np.float32(edge) for edge in content["edges"]]
        self._tiers = content["tiers"]
        self._least = np.float32(content["decisions"]["change_log_odds"])
        self._read = msgspec.json.Decoder(Call).decode
        self._session = _session(model)
        self.encode_state = msgspec.msgpack.Encoder().encode
        self.decode_state = msgspec.msgpack.Decoder(Lead).decode
        self.encode_change = msgspec.json.Encoder().encode

    def step(self, lead: Lead | None, value: bytes) -> tuple[Lead, Change | None]:
        """Folds one call into the lead's state, which is changed in place, and scores it."""
        call = self._read(value)
        time = (call.timestamp - _EPOCH) // _MILLISECOND
        if lead is None:
            lead = Lead([0] * self._size, [], [], [], [])
        log_odds = self._score(self._folded(lead, self._signal(call), time))
        tier = sum(1 for edge in self._edges if log_odds < edge)
        if lead.sequence and tier == lead.tier and abs(log_odds - np.float32(lead.told)) < self._least:
            return lead, None
        lead.sequence += 1
        lead.told = float(log_odds)
        lead.tier = tier
        return lead, Change(call.userId, lead.sequence, time, lead.told, self._tiers[tier])

    def _signal(self, call: Call) -> int:
        said = (call.event, call.properties.path)
        found = self._signals.get(said)
        if found is None:
            found = next(
                place for name, path, place in self._rules if fnmatchcase(said[0], name) and fnmatchcase(said[1], path)
            )
            self._signals[said] = found
        return found

    def _folded(self, lead: Lead, signal: int, time: int) -> tuple[float, ...]:
        """The features after the call; the lead's events come in the order of their times."""
        lead.latest[signal] = time
        _count(lead.hours, lead.hour_counts, time // HOUR, signal)
        _count(lead.days, lead.day_counts, time // DAY, signal)
        _forget(lead.hours, lead.hour_counts, (time - 7 * DAY) // HOUR)
        _forget(lead.days, lead.day_counts, (time - 30 * DAY) // DAY)
        of_24h, of_7d, of_30d = [0] * self._size, [0] * self._size, [0] * self._size
        since_24h = (time - DAY) // HOUR << SIGNAL_BITS
        for key, count in zip(lead.hours, lead.hour_counts, strict=True):
            of_7d[key & _SIGNAL] += count
            if key >= since_24h:
                of_24h[key & _SIGNAL] += count
        for key, count in zip(lead.days, lead.day_counts, strict=True):
            of_30d[key & _SIGNAL] += count
        recency = [(time - latest) / HOUR if time - latest < NEVER else NEVER_HOURS for latest in lead.latest]
        days_7d = len({key // (24 * _SIGNALS) for key in lead.hours})
        days_30d = len({key // _SIGNALS for key in lead.days})
        told_7d, told_30d = self._size - of_7d.count(0), self._size - of_30d.count(0)
        totals = [sum(of_24h), sum(of_30d), days_7d, days_30d, told_7d, told_30d]
        return self._row([*of_24h, *of_7d, *of_30d, *recency, *totals])

    def _score(self, row: tuple[float, ...]) -> np.float32:
        found = self._session.run(["log_odds"], {"features": np.array([row], np.float32)})[0]
        return found[0]  # type: ignore[no-any-return]


def _in_order(content: dict[str, Any]) -> Callable[[list[float]], tuple[float, ...]]:
    """Takes the features, in the model's order, out of what `_folded` counts."""
    names = [signal["name"] for signal in content["observed"]["signals"]]
    blocks = {"24h": 0, "7d": 1, "30d": 2, "recency": 3}
    totals = [("count", "24h"), ("count", "30d")]
    totals += [(kind, window) for kind in ("active_days", "breadth") for window in ("7d", "30d")]
    places = []
    for feature in content["features"]:
        kind, window = feature["kind"], feature.get("window", "recency")
        if "signals" in feature:
            (signal,) = feature["signals"]
            places.append(blocks[window] * len(names) + names.index(signal))
        else:
            places.append(len(blocks) * len(names) + totals.index((kind, window)))
    return itemgetter(*places)


def _count(keys: list[int], counts: list[int], tile: int, signal: int) -> None:
    key = tile << SIGNAL_BITS | signal
    least = tile << SIGNAL_BITS
    place = len(keys) - 1
    while place >= 0 and keys[place] >= least:
        if keys[place] == key:
            counts[place] += 1
            return
        place -= 1
    keys.append(key)
    counts.append(1)


def _forget(keys: list[int], counts: list[int], first_tile: int) -> None:
    first = first_tile << SIGNAL_BITS
    gone = 0
    while keys[gone] < first:
        gone += 1
    if gone:
        del keys[:gone], counts[:gone]


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
