"""Refusals by the brokers are counted from the very lines that people read."""

import pytest
from confluent_kafka import KafkaError

from stream.runtime.connection import explain
from stream.runtime.metrics import Metrics
from stream.runtime.refusals import REFUSALS, count_refusal

CODES = {name: getattr(KafkaError, name) for name in REFUSALS}


def counted(line: str) -> dict[tuple[str, str], float]:
    """By error and topic."""
    metrics = Metrics()
    count_refusal(metrics, line)
    return {
        (sample.labels["error"], sample.labels["topic"]): sample.value
        for family in metrics.refusals.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


@pytest.mark.parametrize("name", REFUSALS)
def test_an_explained_refusal_is_counted_under_its_name(name: str) -> None:
    assert counted(explain(KafkaError(CODES[name], "Broker: refused"))) == {(name, ""): 1}


@pytest.mark.parametrize("line", ["topic acme.web: {}", "topic acme.web could not be described: {}"])
def test_the_topic_is_told_where_the_line_names_it(line: str) -> None:
    refusal = explain(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "Broker: Topic authorization failed"))
    assert counted(line.format(refusal)) == {("TOPIC_AUTHORIZATION_FAILED", "acme.web"): 1}


@pytest.mark.parametrize("code", [KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError.ILLEGAL_GENERATION])
def test_other_trouble_is_no_refusal(code: int) -> None:
    assert counted(f"topic acme.web: {explain(KafkaError(code, 'away'))}") == {}
