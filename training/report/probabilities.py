"""Pictures of the probabilities: whether they hold, and how they are spread."""

import math
from typing import Any, Final

from schemas.manifest import ModelTiers
from training.report.drawing import Axis, Plot
from training.report.markup import figure, table
from training.report.numbers import count, percent, tick

_SHOWN: Final = (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)


def reliability(judged: dict[str, Any]) -> str:
    """What was said against what happened, by tenths of the snapshots, with 95% bands."""
    bins = judged["reliability"]
    most = max(max(each["predicted"], each["high"]) for each in bins)
    axis = Axis.round("said: mean predicted probability", 0, most or 0.01, tick)
    happened = Axis("happened: share that converted", axis.low, axis.high, axis.ticks)
    said = "Reliability: " + "; ".join(
        f"{percent(b['predicted'])} said, {percent(b['observed'])} happened" for b in bins
    )
    plot = Plot(said, axis, happened).line([(axis.low, axis.low), (axis.high, axis.high)], "plain")
    plot.text((axis.high, axis.high), "as said", "end", -40, 30, "plain")
    ordered = sorted(bins, key=lambda each: float(each["predicted"]))
    plot.band([(b["predicted"], b["low"]) for b in ordered], [(b["predicted"], b["high"]) for b in ordered], "model")
    for each in ordered:
        plot.whisker((each["predicted"], each["low"]), (each["predicted"], each["high"]), "model")
    plot.line([(each["predicted"], each["observed"]) for each in ordered], "model")
    for each in ordered:
        tip = f"{percent(each['predicted'])} said, {percent(each['observed'])} of {count(each['snapshots'])} converted"
        plot.dot((each["predicted"], each["observed"]), "model", tip)
    rows = [
        (
            percent(b["predicted"]),
            percent(b["observed"]),
            f"{percent(b['low'])} to {percent(b['high'])}",
            count(b["snapshots"]),
        )
        for b in bins
    ]
    return figure(
        plot.svg(),
        "Reliability. Each dot is a tenth of the snapshots, the highest scores to the right. A right probability lies "
        "on the dashed line; the band is what chance alone allows (95%).",
        table(("Said", "Happened", "95% band", "Snapshots"), rows),
    )


def scores(spread: dict[str, Any], tiers: ModelTiers) -> str:
    """How the scores of those who convert and of the others are spread."""
    edges = spread["edges"]
    groups = (("others", "other", "do not convert"), ("converting", "model", "convert"))
    share = {name: [number / max(sum(spread[name]), 1) for number in spread[name]] for name, _, _ in groups}
    most = max(max(each) for each in share.values())
    low, high = edges[0], max(edges[-1], edges[0] + 1e-6)
    ticks = tuple((_log_odds(p), f"{100 * p:g}%") for p in _SHOWN if low <= _log_odds(p) <= high)
    x = Axis("probability (log scale of the odds)", low, high, ticks)
    y = Axis.round("share of each group", 0, most, tick)
    plot = Plot("Scores of those who convert against scores of the others: the further apart, the better", x, y)
    for name, kind, words in groups:
        for i, part in enumerate(share[name]):
            if part:
                plot.bar(
                    (edges[i], 0), (edges[i + 1], part), f"{kind} see-through", f"{percent(part)} of those who {words}"
                )
    for place, band in enumerate(tiers.above):
        plot.whisker((band.log_odds, y.low), (band.log_odds, y.high), "limit")
        plot.text((band.log_odds, y.high), band.name, "start", 4, 10 + 13 * place, "plain")
    plot.legend(*((f"{words} ({count(sum(spread[name]))})", kind) for name, kind, words in groups))
    return figure(
        plot.svg(),
        "Scores. Each group adds up to 100%, as those who convert are few. Dashed lines: where tiers begin.",
    )


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))
