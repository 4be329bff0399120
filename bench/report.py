"""What was measured, as JSON content."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import confluent_kafka

from bench.backlog import Backlog
from bench.cores import machine
from tests.brokers.single_node import kafka_version

KEYS: Final = (
    "events_per_second_per_core", "cpu_us_per_event", "latency_ms", "restore_seconds", "restore_rows", "rss_mb",
    "growth", "peers",
)  # fmt: skip
"""Those that readers of the file rely on; each is there in every report, null or empty where it was not measured."""
LIBRARIES: Final = ("leadpulse", "confluent-kafka", "faust-streaming", "numba", "numpy", "onnxruntime", "rocksdict")


def report(found: dict[str, Any], *, quick: bool) -> dict[str, Any]:
    """The content of bench.json. quick: whether the figures are of the short form."""
    headline: Backlog | None = found.get("headline")
    restored = found.get("restore", {}).get("nothing", {})
    grown: dict[int, Backlog] = found.get("growth", {})
    return {
        "events_per_second_per_core": headline and round(headline.throughput.events_per_second.median),
        "cpu_us_per_event": headline and {"total": headline.throughput.cpu_us_per_event.median, **headline.stages},
        "latency_ms": {str(rate): by_guarantee for rate, by_guarantee in found.get("latency", {}).items()},
        "restore_seconds": restored.get("seconds"),
        "restore_rows": restored.get("rows"),
        "rss_mb": headline and headline.peak_mb,
        "growth": {str(leads): _point(grown[leads]) for leads in sorted(grown)},
        "peers": {},
        "verified": found.get("verified"),
        "quick": quick,
        "spread": headline and headline.content(),
        "fresh": ("fresh" in found and _point(found["fresh"])) or None,
        "restore": found.get("restore"),
        "by_features": {str(count): _point(each) for count, each in sorted(found.get("by_features", {}).items())},
        "by_partitions": {str(count): _point(each) for count, each in sorted(found.get("by_partitions", {}).items())},
        "idle_cpu_percent": found.get("idle_cpu_percent"),
        "burst": found.get("burst"),
        "training": found.get("training"),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": _versions(),
    }


def wrong(content: dict[str, Any]) -> bool:
    """Whether outputs were not the oracle's, or Spark's snapshots not those of one process."""
    spark = (content["training"] or {}).get("spark", {})
    return content["verified"] is False or spark.get("equal") is False


def _point(backlog: Backlog) -> dict[str, Any]:
    return {
        "events_per_second_per_core": round(backlog.throughput.events_per_second.median),
        "events_per_cpu_second": round(backlog.throughput.events_per_cpu_second.median),
        "cpu_us_per_event": backlog.throughput.cpu_us_per_event.median,
        "rss_mb": backlog.rss_mb,
        "peak_mb": backlog.peak_mb,
        "emitted": backlog.emitted,
    }


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "kafka": kafka_version(),
        "librdkafka": confluent_kafka.libversion()[0],
        **{library: version(library) for library in LIBRARIES},
    }
