"""What a committed epoch adds to the metrics: sums over the epoch, never a call for each of its records."""

import time
from collections import Counter as Tally
from collections.abc import Sequence

import numpy as np
from prometheus_client import Counter

from stream.core.lead import Ints
from stream.core.standing import NO_PERCENTILE
from stream.runtime.epoch import Epoch
from stream.runtime.metrics import TENTHS, Metrics


def count_epoch(metrics: Metrics, epoch: Epoch, rows: Tally[str]) -> None:
    """Adds all of it. `rows`: those that events needed, by place."""
    now = time.time()
    metrics.epochs.labels("committed").inc()
    metrics.last_commit.set(now)
    metrics.epoch_seconds.observe(time.monotonic() - epoch.began)
    tallies = (
        (metrics.outputs, Tally(output.kind for output in epoch.outputs)),
        (metrics.records, epoch.records),
        (metrics.events, epoch.verdicts),
        (metrics.dead_letters, epoch.refused),
        (metrics.swept, epoch.swept),
        (metrics.rows, rows),
    )
    for metric, tally in tallies:
        for label, number in tally.items():
            metric.labels(label).inc(number)
    if epoch.stamps:
        waited = np.maximum(now - np.array(epoch.stamps, np.float64) / 1000, 0)
        metrics.latency_seconds.observe_all(waited, _example_of(epoch))
    for cause, tenths in metrics.tenths.items():
        scored = [each for each in epoch.scored if each.cause == cause]
        if scored:
            log_odds = np.concatenate([each.log_odds for each in scored])
            metrics.scores.observe_all(100 / (1 + np.exp(-log_odds.astype(np.float64))))
            _count_tenths(tenths, np.concatenate([each.percentile for each in scored]))


def _count_tenths(tenths: Sequence[Counter], percentile: Ints) -> None:
    """By the model's reference population; the rules have none."""
    known = percentile[percentile != NO_PERCENTILE]
    if len(known):
        places = np.minimum(known // (100 // TENTHS), TENTHS - 1)
        for counter, number in zip(tenths, np.bincount(places, minlength=TENTHS).tolist(), strict=True):
            if number:
                counter.inc(number)


def _example_of(epoch: Epoch) -> dict[str, str]:
    """Labels of the latency's exemplar: the epoch, and the trace that brought its longest waiting record."""
    labels = {"epoch": epoch.id}
    parts = epoch.oldest_trace.split("-")
    return labels | ({"trace_id": parts[1]} if len(parts) == 4 else {})
