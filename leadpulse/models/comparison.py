"""What is different between two models: figures, checks, tiers, features, what weighs most, and their data."""

from collections.abc import Mapping
from typing import Any

from leadpulse.models.overview import figure
from schemas.manifest import ModelManifest


def compare(old: ModelManifest, new: ModelManifest) -> dict[str, Any]:
    """Sections of differences as plain data; a section without any is empty.

    Figures of two manifests are of two test slices unless their data are the same: `same_slice` says so.
    """
    return {
        "kind": _pair(old.kind, new.kind),
        "data": _data(old, new),
        "same_slice": _slice(old) == _slice(new) and _slice(old) is not None,
        "metrics": _metrics(old, new),
        "checks": _checks(old, new),
        "tiers": _tiers(old, new),
        "features": {
            "added": [name for name in new.features if name not in old.features],
            "removed": [name for name in old.features if name not in new.features],
            "redefined": old.features == new.features and old.features_digest != new.features_digest,
        },
        "importance": _importance(old, new),
    }


def _pair(old: object, new: object) -> dict[str, object]:
    return {"old": old, "new": new}


def _data(old: ModelManifest, new: ModelManifest) -> dict[str, Any]:
    """First and last event, counts and options that differ."""
    sections = {
        "events": ("first", "last", "lines", "leads", "converted"),
        "options": tuple(
            sorted(set(old.training.get("options", {})) | set(new.training.get("options", {}))),
        ),
    }
    found = {}
    for section, names in sections.items():
        for name in names:
            before, after = (each.training.get(section, {}).get(name) for each in (old, new))
            if before != after:
                found[name] = _pair(before, after)
    if _slice(old) != _slice(new):
        found["test_begin"] = _pair(*(each.training.get("split", {}).get("test_begin") for each in (old, new)))
    return found


def _slice(manifest: ModelManifest) -> tuple[Any, ...] | None:
    """What tells whether two models were judged on the same rows: the inputs' digests and where the slice begins."""
    begin = manifest.training.get("split", {}).get("test_begin")
    files = manifest.training.get("events", {}).get("files", [])
    return None if begin is None else (begin, tuple(sorted(each["sha256"] for each in files)))


def _metrics(old: ModelManifest, new: ModelManifest) -> dict[str, Any]:
    names = [name for name in new.metrics.get("test", {}) if figure(new, name)]
    names += [name for name in old.metrics.get("test", {}) if figure(old, name) and name not in names]
    return {name: _pair(figure(old, name), figure(new, name)) for name in names}


def _checks(old: ModelManifest, new: ModelManifest) -> dict[str, Any]:
    """Checks whose verdict is another one, with the newer sentence."""
    before = {each["code"]: each for each in old.checks}
    after = {each["code"]: each for each in new.checks}
    found = {}
    for code in [*after, *(code for code in before if code not in after)]:
        verdicts = [each.get(code, {}).get("verdict") for each in (before, after)]
        if verdicts[0] != verdicts[1]:
            found[code] = _pair(*verdicts) | {"sentence": (after.get(code) or before[code])["sentence"]}
    return found


def _tiers(old: ModelManifest, new: ModelManifest) -> dict[str, Any]:
    """Where each tier begins, in log-odds."""
    before = {band.name: band.log_odds for band in old.tiers.above}
    after = {band.name: band.log_odds for band in new.tiers.above}
    names = [*after, *(name for name in before if name not in after)]
    return {name: _pair(before.get(name), after.get(name)) for name in names}


def _importance(old: ModelManifest, new: ModelManifest) -> list[dict[str, Any]]:
    """Share of all contributions by feature, the largest shift first; a feature not listed in one weighs nothing there.

    Shares, since two models' log-odds need not be spread alike.
    """
    before, after = _shares(old), _shares(new)
    shifts = {name: round(after.get(name, 0.0) - before.get(name, 0.0), 6) for name in sorted(set(before) | set(after))}
    return [
        {"feature": name, "old": before.get(name, 0.0), "new": after.get(name, 0.0), "shift": shift}
        for name, shift in sorted(shifts.items(), key=lambda row: -abs(row[1]))
    ]


def _shares(manifest: ModelManifest) -> Mapping[str, float]:
    sizes = {each["feature"]: float(each["contribution"]) for each in manifest.training.get("strongest", [])}
    total = sum(sizes.values())
    return {name: round(size / total, 6) for name, size in sizes.items()} if total else {}
