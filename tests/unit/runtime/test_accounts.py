"""What a committed epoch adds to the metrics, by its definition, record by record."""

import time
from collections import Counter
from typing import Literal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.core.standing import NO_PERCENTILE
from stream.runtime.accounts import count_epoch
from stream.runtime.epoch import Epoch, Scored
from stream.runtime.metrics import Metrics

Cause = Literal["event", "clock"]
PERCENTILES = st.integers(0, 100) | st.just(NO_PERCENTILE)
BATCHES = st.lists(st.tuples(st.sampled_from(["event", "clock"]), st.lists(PERCENTILES, max_size=30)), max_size=5)


@given(BATCHES)
def test_a_score_counts_in_the_tenth_of_its_percentile(batches: list[tuple[Cause, list[int]]]) -> None:
    metrics, epoch = Metrics(), Epoch()
    expected: Counter[tuple[str, str]] = Counter()
    for cause, percentiles in batches:
        log_odds = np.zeros(len(percentiles), np.float32)
        epoch.scored.append(Scored(cause, log_odds, np.array(percentiles, np.int64)))
        for each in percentiles:
            if each != NO_PERCENTILE:  # the rules know no population
                expected[str(9 if each == 100 else each // 10), cause] += 1
    count_epoch(metrics, epoch, Counter())
    counted = {
        (sample.labels["tenth"], sample.labels["cause"]): sample.value
        for family in metrics.scored.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    assert {key: value for key, value in counted.items() if value} == expected
    assert len(counted) == 20
    scores = {sample.name: sample.value for family in metrics.scores.collect() for sample in family.samples}
    assert scores["leadpulse_score_points_count"] == sum(len(each) for _, each in batches)


def test_every_output_waited_from_its_records_timestamp() -> None:
    metrics, epoch = Metrics(), Epoch()
    now = int(time.time() * 1000)
    epoch.stamps = [now - 30_000, now - 300, now + 60_000]
    epoch.oldest_trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    count_epoch(metrics, epoch, Counter())
    (family,) = metrics.latency_seconds.collect()
    buckets = {each.labels["le"]: each for each in family.samples if each.name.endswith("_bucket")}
    # A record stamped in the future did not wait for less than nothing.
    assert [buckets[edge].value for edge in ("0.01", "0.2", "10.0", "60.0", "+Inf")] == [1, 1, 2, 3, 3]
    exemplar = buckets["60.0"].exemplar
    assert exemplar is not None
    assert exemplar.labels == {"epoch": epoch.id, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    assert (metrics.registry.get_sample_value("leadpulse_last_commit_seconds") or 0) >= now / 1000
