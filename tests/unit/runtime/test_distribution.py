"""A histogram filled many values at a time is the one that Prometheus' own client makes value by value."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from stream.runtime.distribution import Distribution

EDGES = (0.1, 1.0, 2.5)


def exposition(registry: CollectorRegistry) -> list[str]:
    """Without the time at which a client's own histogram was made, in any order."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


# Quarters add up exactly in whatever order: sums of others may differ in the last bit.
@given(st.lists(st.lists(st.sampled_from([0.0, 0.25, 1.0, 1.25, 2.5, 2.75, 99.0]), max_size=20), max_size=4))
def test_it_is_the_histogram_of_the_client(batches: list[list[float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    distribution = Distribution("waited_seconds", "How long.", EDGES)
    ours.register(distribution)
    histogram = Histogram("waited_seconds", "How long.", buckets=EDGES, registry=theirs)
    for batch in batches:
        distribution.observe_all(np.array(batch, np.float64))
        for value in batch:
            histogram.observe(value)
    assert exposition(ours) == exposition(theirs)


def test_the_largest_value_is_its_buckets_exemplar() -> None:
    registry = CollectorRegistry()
    distribution = Distribution("waited_seconds", "How long.", EDGES)
    registry.register(distribution)
    distribution.observe_all(np.array([0.05, 1.5, 0.5]), {"epoch": "ab12-7"})
    read: Any = text_string_to_metric_families
    write: Any = generate_openmetrics
    (family,) = read(write(registry).decode())
    told = {sample.labels["le"]: sample.exemplar for sample in family.samples if sample.name.endswith("_bucket")}
    assert [bucket for bucket, exemplar in told.items() if exemplar] == ["2.5"]
    exemplar = told["2.5"]
    assert exemplar is not None
    assert (exemplar.labels, exemplar.value) == ({"epoch": "ab12-7"}, 1.5)
