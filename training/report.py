"""The report: what a person reads before trusting a model. It lies beside the model's files."""

from typing import Any, Final

import numpy as np

from schemas.manifest import ModelManifest
from training.calibration import probability

SHARES: Final = ("precision_top_10", "base_rate")
FIGURES: Final = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "precision_top_10": "Converting among the top 10%",
    "lift_top_10": "Lift of the top 10%",
    "base_rate": "Base rate",
    "brier": "Brier score",
    "brier_skill": "Brier skill against the base rate",
    "log_loss": "Log loss",
    "calibration_slope": "Calibration slope (1 is right, below it too far apart)",
    "calibration_intercept": "Calibration intercept (0 is right, below it too high)",
}


def write_report(manifest: ModelManifest) -> bytes:
    """The report as Markdown; the same manifest gives the same bytes."""
    training, test = manifest.training, manifest.metrics["test"]
    parts = [
        f"# A {manifest.kind.replace('_', ' ')} model for {manifest.target}",
        _verdict(manifest),
        _in_short(training, test),
        "## How it did on later leads",
        _judged_on(training, test),
        _figures(test),
        "### By days since the first event",
        "Judge by these rows: over all moments together a lead's age alone orders leads, which lifts the AUC "
        "above. Where few convert, even the interval is rough.",
        _by_day(test["by_day"]),
        "### What was said and what happened, by tenths of the snapshots",
        _reliability(test.get("reliability", [])),
        "## Checks",
        "\n".join(
            f"- **{each['verdict']}** {each['title']} (`{each['code']}`): {each['sentence']}."
            for each in manifest.checks
        ),
        "## Candidates",
        "The one with the lowest log loss on the calibration slice was taken; the test slice had no say.",
        _candidates(training["candidates"]),
        "## What weighs most",
        "Mean size of a feature's contribution to the log-odds in the test slice. Related features share theirs.",
        "\n".join(f"- {each['feature']}: {each['contribution']:.3f}" for each in training["strongest"]),
        "## What it was made from",
        _data(training),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def _judged_on(training: dict[str, Any], test: dict[str, Any]) -> str:
    begin, converting = training["split"]["test_begin"], training["split"]["test"]["converting_leads"]
    return (
        f"{test['leads']} leads first seen from {begin} on, looked at {test['snapshots']} times: the snapshots. "
        f"{test['conversions']} of these, of {converting} leads, are followed by a conversion. Intervals are 95%, "
        "from resampled leads."
    )


def _verdict(manifest: ModelManifest) -> str:
    blocked = [each["title"] for each in manifest.checks if each["verdict"] == "blocked"]
    if blocked:
        return f"**Not fit for use.** What does not hold, see the checks: {'; '.join(blocked)}."
    warned = [each["title"] for each in manifest.checks if each["verdict"] == "warned"]
    verdict = f"Fit for use. In doubt, see the checks: {'; '.join(warned)}." if warned else "Fit for use."
    bands = ", ".join(
        f"{band.name} from {float(probability(np.array(band.log_odds))):.2%}" for band in manifest.tiers.above
    )
    return f"{verdict} Tiers by probability: {bands}, the rest {manifest.tiers.lowest}."


def _in_short(training: dict[str, Any], test: dict[str, Any]) -> str:
    within = training["options"]["within"]
    top, base, lift = (test[name] for name in ("precision_top_10", "base_rate", "lift_top_10"))
    return (
        f"In short: of the tenth that it scores highest, {top['value']:.1%} convert within {within}, of all "
        f"{base['value']:.1%}: {lift['value']:.1f} times as many ({lift['low']:.1f} to {lift['high']:.1f})."
    )


def _figures(slice_: dict[str, Any]) -> str:
    rows = []
    for name, title in FIGURES.items():
        value, low, high = (
            f"{slice_[name][part]:.2%}" if name in SHARES else f"{slice_[name][part]:.4f}"
            for part in ("value", "low", "high")
        )
        rows.append(f"| {title} | {value} | {low} to {high} |")
    return "\n".join(["| Figure | Value | 95% interval |", "| --- | --- | --- |", *rows])


def _by_day(days: dict[str, Any]) -> str:
    rows = []
    for day, found in days.items():
        area, lift = found.get("auc"), found.get("lift_top_10")
        shown = f"{area['value']:.3f} ({area['low']:.3f} to {area['high']:.3f})" if area else "one class only"
        gain = f"{lift['value']:.1f} ({lift['low']:.1f} to {lift['high']:.1f})" if lift else ""
        rows.append(f"| {day} | {found['snapshots']} | {found['conversions']} | {shown} | {gain} |")
    return "\n".join(
        ["| Day | Leads | Converting | AUC | Lift of the top 10% |", "| --- | --- | --- | --- | --- |", *rows]
    )


def _reliability(bins: list[dict[str, float]]) -> str:
    rows = [f"| {each['snapshots']} | {each['predicted']:.2%} | {each['observed']:.2%} |" for each in bins]
    return "\n".join(["| Snapshots | Predicted | Observed |", "| --- | --- | --- |", *rows])


def _candidates(candidates: list[dict[str, Any]]) -> str:
    rows = [
        f"| {each['name']}{' (taken)' if each['taken'] else ''} | {each['log_loss']:.6f} | {each['auc']:.4f} |"
        for each in candidates
    ]
    return "\n".join(
        ["| Candidate | Log loss, calibration slice | AUC, calibration slice |", "| --- | --- | --- |", *rows]
    )


def _data(training: dict[str, Any]) -> str:
    events, moments, split = training["events"], training["moments"], training["split"]
    days = ", ".join(map(str, training["options"]["snapshots"]))
    within, early = training["options"]["within"], events["converted_before_first_moment"]
    unreadable = ", ".join(f"{count} {reason}" for reason, count in events["unreadable"].items()) or "none"
    return f"""\
- {events["lines"]} lines from {events["first"]} to {events["last"]}, {events["leads"]} leads.
  Unreadable: {unreadable}. Events that say nothing by the settings: {events["silent"]}.
- Moments: {days} days after a lead's first event. A snapshot holds the events before its moment; its label is a
  conversion within {within} after it.
- {moments["snapshots"]} snapshots. Not taken: {moments["converted"]} after the conversion, {moments["open"]} whose
  window was open when the log ended. Not used: {moments["embargoed"]} of older leads whose window reached into
  the test slice.
- {early} of the {events["converted"]} leads that convert do so by the first moment; nothing here speaks about them.
- Slices: {split["train"]["leads"]} leads to train, {split["calibration"]["leads"]} to calibrate,
  {split["test"]["leads"]} to judge."""
