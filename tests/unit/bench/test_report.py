"""bench.json has the keys that readers rely on, and the chart shows what it holds."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.backlog import Backlog
from bench.chart import chart
from bench.report import KEYS, report, wrong
from bench.throughput import Sample, summary

SVG = "{http://www.w3.org/2000/svg}"


def backlog(rate: float, cost: float) -> Backlog:
    samples = [Sample(at, rate * at, cost * rate * at) for at in range(6)]
    return Backlog(summary(samples, 2), {"fold": 3.5, "score": 2.6}, {"main": 9.0}, 0.1, 700, 750, None)


@pytest.fixture
def measured() -> dict[str, Any]:
    latency = {"p50": 21.0, "p95": 60.5, "p99": 88.1, "max": 120.0}
    return {
        "verified": True,
        "headline": backlog(80_000, 1.1e-5),
        "growth": {1_000_000: backlog(80_000, 1.1e-5), 10_000: backlog(90_000, 1.0e-5)},
        "restore": {"nothing": {"seconds": 4.2, "rows": 1_000_004}, "tail": {"seconds": 0.1, "rows": 12}},
        "latency": {2_000: {"exactly_once": latency}, 10_000: {"exactly_once": latency, "at_least_once": latency}},
        "by_features": {40: backlog(80_000, 1.1e-5)},
        "by_partitions": {4: backlog(80_000, 1.1e-5)},
    }


def test_the_report_has_every_key_that_is_relied_on(measured: dict[str, Any]) -> None:
    content = json.loads(json.dumps(report(measured, quick=False)))
    assert set(KEYS) <= set(content)
    assert content["events_per_second_per_core"] == 80_000
    assert content["cpu_us_per_event"] == {"total": 11.0, "fold": 3.5, "score": 2.6}
    assert content["latency_ms"]["10000"]["at_least_once"]["p99"] == 88.1
    assert (content["restore_seconds"], content["restore_rows"], content["rss_mb"]) == (4.2, 1_000_004, 750)
    assert list(content["growth"]) == ["10000", "1000000"]
    assert content["verified"] is True


def test_what_was_not_measured_is_said_to_be_nothing() -> None:
    content = report({}, quick=True)
    assert {key: content[key] for key in KEYS} == {
        "events_per_second_per_core": None,
        "cpu_us_per_event": None,
        "latency_ms": {},
        "restore_seconds": None,
        "restore_rows": None,
        "rss_mb": None,
        "growth": {},
        "peers": {},
    }
    assert content["verified"] is None


def test_the_chart_shows_the_figures(measured: dict[str, Any]) -> None:
    content = report(measured, quick=False)
    content["peers"] = {"Another <engine>": {"events_per_second_per_core": 2_500, "version": "1", "verified": True}}
    texts = [each.text or "" for each in ElementTree.fromstring(chart(content)).iter(f"{SVG}text")]
    for text in ("80,000", "Another <engine>", "2,500", "fold", "3.50", "21 / 88.1", "1M", "10k"):
        assert text in texts, text
    assert not any("not measured" in text for text in texts)


def test_the_longest_bar_is_the_fastest_engine(measured: dict[str, Any]) -> None:
    content = report(measured, quick=False)
    content["peers"] = {"Another": {"events_per_second_per_core": 40_000, "version": "1", "verified": True}}
    bars = [each for each in ElementTree.fromstring(chart(content)).iter(f"{SVG}rect") if each.get("class") != "page"]
    own, other = bars[0], bars[1]
    assert (own.get("class"), other.get("class")) == ("main", "other")
    assert float(own.get("width", 0)) == pytest.approx(2 * float(other.get("width", 0)))


def test_a_chart_of_nothing_says_so() -> None:
    texts = [each.text or "" for each in ElementTree.fromstring(chart(report({}, quick=True))).iter(f"{SVG}text")]
    assert sum("not measured" in text for text in texts) == 4
    assert any("quick run" in text for text in texts)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, False),
        ({"verified": True, "training": {"spark": {"equal": True}}}, False),
        ({"training": {"spark": {"missing": "py4j"}}}, False),
        ({"verified": False}, True),
        ({"verified": True, "training": {"spark": {"equal": False}}}, True),
    ],
)
def test_the_bench_fails_on_what_is_wrong_not_on_what_is_missing(found: dict[str, Any], expected: bool) -> None:
    assert wrong(report(found, quick=True)) is expected
