"""Metrics: each is explained, and the exposition is one that Prometheus reads."""

import pytest
from prometheus_client import generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from stream.runtime.distribution import Distribution
from stream.runtime.metrics import Described, Metrics

METRICS = Metrics()


def exposition(metrics: Metrics) -> dict[str, float]:
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {
        " ".join([sample.name, *(f"{label}={value}" for label, value in sorted(sample.labels.items()))]): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("described", METRICS.described, ids=lambda each: each.name)
def test_a_metric_has_a_meaning_and_a_remedy(described: Described) -> None:
    assert (described.meaning.endswith(".") and described.meaning[0].isupper()) or described.meaning[0].isdigit()
    assert described.remedy.endswith(".")
    assert described.remedy != described.meaning


@pytest.mark.parametrize("described", METRICS.described, ids=lambda each: each.name)
def test_a_metric_that_a_remedy_points_to_exists(described: Described) -> None:
    names = {each.name for each in METRICS.described}
    for word in described.remedy.replace(",", " ").replace(".", " ").replace(";", " ").split():
        if word.startswith("leadpulse_"):
            assert word in names


def test_everything_exposed_is_described() -> None:
    # Counters lose their `_total` in the registry and get it back in the exposition.
    exposed = {family.name for family in METRICS.registry.collect()}
    assert exposed == {each.name.removesuffix("_total") for each in METRICS.described}
    held = [each for each in vars(METRICS).values() if isinstance(each, MetricWrapperBase | Distribution)]
    assert len(held) == len(METRICS.described) == len(exposed)


def test_names_say_what_they_count_and_in_which_unit() -> None:
    for described in METRICS.described:
        assert described.name.startswith("leadpulse_")
        assert not described.name.endswith(("_ms", "_milliseconds", "_count", "_sum", "_bucket"))


def test_the_exposition_parses_and_holds_what_was_counted() -> None:
    metrics = Metrics()
    metrics.records.labels("leadpulse.web").inc(3)
    metrics.lag.labels("leadpulse.web", "0").set(17)
    metrics.commit_seconds.observe(0.004)
    metrics.ready.set(1)
    found = exposition(metrics)
    assert found["leadpulse_records_total topic=leadpulse.web"] == 3
    assert found["leadpulse_lag_records partition=0 topic=leadpulse.web"] == 17
    assert found["leadpulse_commit_seconds_bucket le=0.005"] == 1
    assert found["leadpulse_commit_seconds_bucket le=0.002"] == 0
    assert found["leadpulse_ready"] == 1


def test_two_workers_in_one_process_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.swaps.inc()
    assert exposition(one)["leadpulse_model_swaps_total"] == 1
    assert exposition(two)["leadpulse_model_swaps_total"] == 0
