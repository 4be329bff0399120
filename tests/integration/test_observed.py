"""What a worker tells of itself as it runs: the metrics of dashboard and rules, exemplars, JSON logs, traces."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.integration.deployment import Broker, Deployment, deploy
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input
from tests.integration.traffic import sent, traffic

CHART: Final = Path(__file__).parents[2] / "helm" / "leadpulse" / "files"
TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"


class Collector:
    """An OTLP collector over HTTP, and the spans that it was sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    collector.spans += [span for scope in resource.scope_spans for span in scope.spans]
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        thread.join()
        collector.server.server_close()


def scrape(deployment: Deployment) -> dict[str, Metric]:
    """The metrics by name, as Prometheus reads them."""
    port = yaml.safe_load(deployment.config("worker-0").read_text())["web"]["port"]
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": OPENMETRICS})
    read: Any = text_string_to_metric_families
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        return {family.name: family for family in read(answer.read().decode())}


def queried() -> dict[str, list[str]]:
    """Names of metrics, with the queries of dashboard and rules that have them."""
    panels = json.loads((CHART / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    groups = yaml.safe_load((CHART / "rules.yaml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    found: dict[str, list[str]] = {}
    for query in queries + [rule["expr"] for rule in rules]:
        for name in re.findall(r"\bleadpulse[_:][\w:]+", query):
            if name not in recorded:
                found.setdefault(name, []).append(query)
    return found


def samples_of(family: Metric) -> set[str]:
    """The names that a query may use."""
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}[family.type]
    return {family.name + ending for ending in endings}


def test_a_worker_tells_what_it_does(mock_kafka: Broker, tmp_path: Path) -> None:
    with collecting() as collector:
        traces = {"endpoint": collector.endpoint, "share": 1}
        deployment = deploy(
            mock_kafka, tmp_path, "observed", topics={"inputs": ["web"]}, log={"format": "json"}, traces=traces
        )
        metrics, log, events = run_worker(deployment)
    assert_queries_name_metrics(metrics)
    assert_values_hold(metrics, events)
    told = [json.loads(line) for line in log]
    assert {"time", "level", "message", "worker"} <= set(told[0])
    assert told[-1]["message"] == "stopped"
    assert_traced(collector, metrics)


def run_worker(deployment: Deployment) -> tuple[dict[str, Metric], list[str], int]:
    """Scores some hundred events of one trace; the metrics after the last of them, the log, and how many."""
    deployment.create_topics()
    traced = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())]
    records = sent(deployment.names.input("web"), traffic(seed=8, leads=30, events=300))
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        inputs = Input(deployment.broker)
        inputs.send([record._replace(headers=traced) for record in records])
        worker.wait_until_scored(inputs.ends)
        metrics = scrape(deployment)
        worker.stop()
        log = worker.log_file.read_text().splitlines()
    return metrics, log, len(records)


def assert_queries_name_metrics(metrics: dict[str, Metric]) -> None:
    exported = {name for family in metrics.values() for name in samples_of(family)}
    asked_for = queried()
    assert len(asked_for) > 25
    assert {name: queries for name, queries in asked_for.items() if name not in exported} == {}


def assert_values_hold(metrics: dict[str, Metric], events: int) -> None:
    def value(name: str, **labels: str) -> float:
        family = next(family for family in metrics.values() if name in samples_of(family))
        return sum(s.value for s in family.samples if s.name == name and labels.items() <= s.labels.items())

    counted = value("leadpulse_events_total", verdict="counted")
    assert 0 < counted <= value("leadpulse_records_total") == events
    assert value("leadpulse_score_points_count") == counted
    outputs = sum(value("leadpulse_outputs_total", kind=kind) for kind in ("change", "latest", "alert"))
    assert value("leadpulse_latency_seconds_count") == outputs
    assert value("leadpulse_disk_bytes", state="all") > value("leadpulse_disk_bytes", state="free") > 0
    assert value("leadpulse_last_commit_seconds") > value("leadpulse_started_seconds") > 1_700_000_000
    assert value("leadpulse_epoch_seconds_count") == value("leadpulse_epochs_total", result="committed")
    assert value("leadpulse_clock_ahead_seconds") < 0


def assert_traced(collector: Collector, metrics: dict[str, Metric]) -> None:
    exemplars = [sample.exemplar for sample in metrics["leadpulse_latency_seconds"].samples if sample.exemplar]
    assert exemplars
    assert all(exemplar.labels["trace_id"] == TRACE for exemplar in exemplars)
    polls = [span for span in collector.spans if span.name == "poll"]
    assert polls
    assert {link.trace_id.hex() for span in polls for link in span.links} == {TRACE}
    by_parent = {(span.name, span.parent_span_id) for span in collector.spans}
    assert all({("fold", poll.span_id), ("commit", poll.span_id)} <= by_parent for poll in polls)
    epochs = {a.value.string_value for span in polls for a in span.attributes if a.key == "leadpulse.epoch"}
    assert {exemplar.labels["epoch"] for exemplar in exemplars} <= epochs
