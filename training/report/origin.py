"""What the model was made from and by what: tiers, figures, files with digests, options and libraries."""

from html import escape
from typing import Any, Final

import numpy as np

from schemas.manifest import ModelManifest
from training.likelihood import probability
from training.report.markup import table
from training.report.numbers import NOTHING, count, interval, percent, shares

SHARES: Final = (
    "precision_top_10",
    "recall_top_10",
    "precision_top_20",
    "recall_top_20",
    "base_rate",
    "expected_calibration_error",
    "calibration_error_by_chance",
)
FIGURES: Final = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "precision_top_10": "Converting among the highest 10% (precision)",
    "recall_top_10": "Of the conversions, in the highest 10% (recall)",
    "f1_top_10": "F1 of the highest 10%",
    "lift_top_10": "Lift of the highest 10%",
    "precision_top_20": "Converting among the highest 20% (precision)",
    "recall_top_20": "Of the conversions, in the highest 20% (recall)",
    "f1_top_20": "F1 of the highest 20%",
    "lift_top_20": "Lift of the highest 20%",
    "base_rate": "Base rate",
    "log_loss": "Log loss",
    "calibration_slope": "Calibration slope (1 is right, below it too far apart)",
    "calibration_intercept": "Calibration intercept (0 is right, below it too high)",
    "expected_calibration_error": "Expected calibration error, in ten bins of equal mass",
    "calibration_error_by_chance": "The same, if every probability were right",
    "brier_skill": "Brier skill against the base rate",
    "brier": "Brier score: reliability - resolution + uncertainty + within",
    "brier_reliability": "Brier, reliability (0 is right)",
    "brier_resolution": "Brier, resolution (the more the better)",
    "brier_uncertainty": "Brier, uncertainty (of the leads, not the model)",
    "brier_within": "Brier, within the bins",
}
"""In the order in which they are shown."""


def figures(manifest: ModelManifest) -> str:
    """All figures with their intervals, beside those of the rules on the same snapshots."""
    test, rules = manifest.metrics["test"], manifest.metrics["rules"]
    rows = [(title, _figure(name, test), _figure(name, rules)) for name, title in FIGURES.items() if name in test]
    return table(("Figure, with 95% interval", "The model", "The rules"), rows)


def tiers(manifest: ModelManifest) -> str:
    """Where each tier begins, and what it means for a team."""
    judged, a_day = manifest.metrics["test"].get("tiers", {}), manifest.metrics["leads_a_day"]
    rows = []
    for band in manifest.tiers.above:
        found = judged.get(band.name, {})
        begin = float(probability(np.array(band.log_odds)))
        said = (shares(found.get(name)) for name in ("share", "precision", "recall"))
        rows.append((band.name, percent(begin), *said, interval(found.get("lift"), 1), f"{a_day[band.name]:.1f}"))
    rows.append((f"{manifest.tiers.lowest}: the rest", *[NOTHING] * 6))
    head = (
        "Tier or higher",
        "From",
        "Of the snapshots",
        "Of these convert",
        "Of the conversions",
        "Lift",
        "Leads a day",
    )
    return table(head, rows)


def origin(manifest: ModelManifest) -> str:
    """Range, files, options, digests."""
    training = manifest.training
    events, options, target = training["events"], training["options"], training["target"]
    parity = training["parity"]
    facts = [
        (
            "Log",
            f"{count(events['lines'])} lines of {count(events['leads'])} leads, {events['first']} to {events['last']}",
        ),
        *((f"File {each['name']}", f"SHA-256 {each['sha256']}") for each in events["files"]),
        ("Outcomes known until", events["outcomes_known_until"]),
        ("Target", f"{target['name']} within {target['within']}, asked at {target['moments']}"),
        ("Judged on", f"leads first seen from {training['split']['test_begin']} on"),
        ("Options", _said({name: value for name, value in options.items() if name != "positions"})),
        ("Positions of the topics", NOTHING if options.get("positions") is None else _said(options["positions"])),
        (
            "Variables",
            _said({name: training["learning"][name] for name in ("include", "exclude", "monotone", "weights")}),
        ),
        ("Calibration", _calibration(training["calibration"])),
        ("Parity", f"{count(parity['rows'])} rows, 99.9% of probabilities within {parity['probability']:.1e}"),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in training["libraries"].items())),
        ("Definitions of features", f"{len(manifest.features)} features, digest {manifest.features_digest}"),
        *((name, f"SHA-256 {digest}") for name, digest in manifest.files.items()),
    ]
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(said)}</dd>' for name, said in facts)}</dl>"


def _figure(name: str, judged: dict[str, Any]) -> str:
    found = judged.get(name)
    return shares(found) if name in SHARES else interval(found, 4)


def _calibration(found: dict[str, Any]) -> str:
    if found["method"] == "sigmoid":
        return f"sigmoid, slope {found['slope']:.4f}, intercept {found['intercept']:.4f}"
    return str(found["method"])


def _said(found: dict[str, Any]) -> str:
    parts = [
        f"{name.replace('_', ' ')} {_value(value)}" for name, value in found.items() if value not in (None, [], {})
    ]
    return "; ".join(parts) or "none"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    return str(value)
