"""Models, one model, and the differences of two, as people read them in a terminal."""

import math
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from leadpulse.models.overview import Kept, figure, verdicts
from schemas.manifest import ModelManifest
from schemas.promotion import Promotion

SHORT: Final = 12
_STYLES: Final = {"passed": "green", "warned": "yellow", "blocked": "bold red"}
_SHIFTS: Final = 10


def list_table(models: Sequence[Kept]) -> Table:
    """One row a model."""
    table = _table("", "model", "kind", "data until", "AUC", "checks", "last promoted")
    for each in models:
        if each.manifest is None:
            table.add_row("!", each.digest[:SHORT], Text(each.refused, "red"))
            continue
        table.add_row(
            "➤" if each.in_force else "",
            Text(each.digest[:SHORT], "bold" if each.in_force else ""),
            each.manifest.kind.replace("_", " "),
            "" if each.manifest.kind == "rules" else each.manifest.created[:10],
            _interval(figure(each.manifest, "auc")),
            _counts(each.manifest),
            each.promoted[-1][:16].replace("T", " ") if each.promoted else "never",
        )
    return table


def model_page(digest: str, manifest: ModelManifest, promotions: Sequence[Promotion]) -> RenderableType:
    """What one model is."""
    about = _grid()
    about.add_row("model", digest)
    about.add_row("kind", manifest.kind.replace("_", " "))
    about.add_row("features", f"{len(manifest.features)}, digest {manifest.features_digest[:SHORT]}")
    events = manifest.training.get("events", {})
    if events:
        about.add_row("data", f"{events['first']} to {events['last']}, {events['leads']} leads")
    for band in manifest.tiers.above:
        about.add_row(f"tier {band.name}", f"from {_probability(band.log_odds):.2%}")
    figures = _table("figure", "value", "95% interval")
    for name in manifest.metrics.get("test", {}):
        if (found := figure(manifest, name)) is not None:
            figures.add_row(name, f"{found['value']:.4f}", f"{found['low']:.4f} to {found['high']:.4f}")
    checks = _grid()
    for each in manifest.checks:
        checks.add_row(Text(each["verdict"], _STYLES.get(each["verdict"], "")), f"{each['title']}: {each['sentence']}")
    parts: list[RenderableType] = [about]
    parts += [Text(), figures] if figures.row_count else []
    parts += [Text(), checks] if manifest.checks else []
    parts += [Text(), log_table(promotions)] if promotions else []
    return Group(*parts)


def log_table(promotions: Sequence[Promotion]) -> Table:
    """Lines of the promotions log."""
    table = _table("when", "what", "model", "before it", "by", "why")
    for each in promotions:
        table.add_row(
            each.time[:19].replace("T", " "),
            Text(f"{each.action}{', forced' if each.forced else ''}", "yellow" if each.forced else ""),
            each.model[:SHORT],
            each.previous[:SHORT] if each.previous else "the rules",
            each.by,
            each.reason,
        )
    return table


def difference_page(old: str, new: str, found: dict[str, Any]) -> RenderableType:
    """The differences that `comparison.compare` found."""
    about = _grid()
    about.add_row("old", f"{old[:SHORT]} ({found['kind']['old']})")
    about.add_row("new", f"{new[:SHORT]} ({found['kind']['new']})")
    for name, pair in found["data"].items():
        about.add_row(name.replace("_", " "), f"{pair['old']} → {pair['new']}")
    features = found["features"]
    for name in ("added", "removed"):
        if features[name]:
            about.add_row(f"features {name}", ", ".join(features[name]))
    if features["redefined"]:
        about.add_row("features", "of the same names are defined otherwise")
    for name, pair in found["tiers"].items():
        about.add_row(f"tier {name}", f"{_edge(pair['old'])} → {_edge(pair['new'])}")
    for code, pair in found["checks"].items():
        about.add_row(f"check {code}", f"{pair['old'] or 'none'} → {pair['new'] or 'none'}: {pair['sentence']}")
    metrics = _table("figure", "old", "new", "difference")
    for name, pair in found["metrics"].items():
        both = pair["old"] and pair["new"]
        gap = f"{pair['new']['value'] - pair['old']['value']:+.4f}" if both else ""
        metrics.add_row(name, _interval(pair["old"]), _interval(pair["new"]), gap)
    shifts = _table("what weighs", "old", "new", "shift")
    for row in found["importance"][:_SHIFTS]:
        shifts.add_row(row["feature"], f"{row['old']:.1%}", f"{row['new']:.1%}", f"{row['shift']:+.1%}")
    note = "Both were judged on the same rows." if found["same_slice"] else (
        "They were judged on different rows, so their figures are no contest; `leadpulse train` holds one."
    )  # fmt: skip
    parts: list[RenderableType] = [about]
    parts += [Text(), metrics, Text(note, "dim")] if metrics.row_count else []
    parts += [Text(), shifts] if shifts.row_count else []
    return Group(*parts)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, no_wrap=name in ("model", "data until"), overflow="fold")
    return table


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _interval(found: dict[str, float] | None) -> str:
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})" if found else ""


def _counts(manifest: ModelManifest) -> Text:
    text = Text()
    for verdict, count in verdicts(manifest).items():
        if count:
            text.append(f"{', ' if text else ''}{count} {verdict}", _STYLES[verdict])
    return text


def _edge(log_odds: float | None) -> str:
    return "none" if log_odds is None else f"from {_probability(log_odds):.2%}"


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
