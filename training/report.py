"""The report: what a person reads before trusting a model. It lies beside the model's files."""

from typing import Any, Final

from schemas.manifest import ModelManifest

FIGURES: Final = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "precision_top_10": "Converting among the top 10%",
    "lift_top_10": "Lift of the top 10%",
    "base_rate": "Base rate",
    "brier": "Brier score",
    "brier_skill": "Brier skill against the base rate",
    "log_loss": "Log loss",
    "calibration_slope": "Calibration slope (1 is right)",
    "calibration_intercept": "Calibration intercept (0 is right)",
}


def write_report(manifest: ModelManifest) -> bytes:
    """The report as Markdown; the same manifest gives the same bytes."""
    training, test = manifest.training, manifest.metrics["test"]
    parts = [
        f"# A {manifest.kind.replace('_', ' ')} model for {manifest.target}",
        _verdict(manifest),
        "## How it did on later leads",
        _judged_on(training, test),
        _figures(test),
        "### By days since the first event",
        _by_day(test["by_day"]),
        "### What was said and what happened, by tenths of the snapshots",
        _reliability(test.get("reliability", [])),
        "## Checks",
        "\n".join(
            f"- **{each['verdict']}** {each['title']} (`{each['code']}`): {each['sentence']}."
            for each in manifest.checks
        ),
        "## Candidates",
        "The candidate with the lowest log loss on the calibration slice was taken; the test slice had no say.",
        _candidates(training["candidates"]),
        "## What weighs most",
        "Mean size of a feature's contribution to the log-odds in the reference population.",
        "\n".join(f"- {each['feature']}: {each['contribution']:.3f}" for each in training["strongest"]),
        "## What it was made from",
        _data(training),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def _judged_on(training: dict[str, Any], test: dict[str, Any]) -> str:
    return (
        f"{test['leads']} leads first seen from {training['split']['test_begin']} on, {test['snapshots']} snapshots, "
        f"{test['conversions']} with a conversion in the window. Intervals are 95%, from resampled leads."
    )


def _verdict(manifest: ModelManifest) -> str:
    blocked = [each["title"] for each in manifest.checks if each["verdict"] == "blocked"]
    if blocked:
        return f"**Not fit for use.** Blocked by: {'; '.join(blocked)}."
    bands = ", ".join(f"{band.name} from log-odds {band.log_odds:.3f}" for band in manifest.tiers.above)
    return f"Fit for use. Tiers: {bands}, the rest {manifest.tiers.lowest}."


def _figures(slice_: dict[str, Any]) -> str:
    rows = [
        f"| {title} | {slice_[name]['value']:.4f} | {slice_[name]['low']:.4f} to {slice_[name]['high']:.4f} |"
        for name, title in FIGURES.items()
        if name in slice_
    ]
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
  Unreadable: {unreadable}. Without any signal: {events["silent"]}.
- Moments: {days} days after a lead's first event. A snapshot holds the events before its moment; its label is a
  conversion within {within} after it.
- {moments["snapshots"]} snapshots. Left out: {moments["converted"]} moments after the conversion, {moments["open"]}
  whose window was open when the log ended; of the snapshots, {moments["embargoed"]} of older leads whose window
  reached into the test slice.
- {early} of {events["converted"]} leads that convert do so before the first moment; nothing here speaks about them.
- Slices: {split["train"]["leads"]} leads to train, {split["calibration"]["leads"]} to calibrate,
  {split["test"]["leads"]} to judge."""
