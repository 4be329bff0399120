"""Every metric of the worker, each with its meaning and what to do when it looks wrong. Nothing else makes one."""

from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(frozen=True)
class Described:
    """What the person paged needs to know of a metric."""

    name: str
    meaning: str
    remedy: str


class Metrics:
    """The metrics of one worker, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.described: list[Described] = []
        self._declare_work()
        self._declare_times()
        self._declare_state()
        self._declare_models()

    def _declare_work(self) -> None:
        self.records = self._counter(
            "leadpulse_records_total",
            "Input records taken.",
            "Flat while the lag grows: see leadpulse_ready and the log.",
            ["topic"],
        )
        self.events = self._counter(
            "leadpulse_events_total",
            "Events by verdict: counted, duplicate, or empty (no signal of the settings matches).",
            "Mostly empty: the signals do not match the events; compare them with `leadpulse config check`.",
            ["verdict"],
        )
        self.outputs = self._counter(
            "leadpulse_outputs_total",
            "Output records committed, by kind.",
            "Changes near the number of events: raise decisions.change_log_odds.",
            ["kind"],
        )
        self.dead_letters = self._counter(
            "leadpulse_dead_letters_total",
            "Input records refused, by reason.",
            "Read their headers in the dead-letter topic; the reason names what the producer must change.",
            ["reason"],
        )
        self.epochs = self._counter(
            "leadpulse_epochs_total",
            "Transactions by result: committed or aborted.",
            "Aborts outside rebalances: the log names the broker's answer.",
            ["result"],
        )

    def _declare_times(self) -> None:
        self.commit_seconds = self._histogram(
            "leadpulse_commit_seconds",
            "Time from the beginning of a transaction to the local store's write.",
            "Growing: the brokers are slow, or output topics have many partitions.",
            (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
        )
        self.fold_seconds = self._histogram(
            "leadpulse_fold_seconds",
            "Time to decode, fold, score and decide one poll.",
            "Near the epoch's length all the time: add workers.",
            (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1),
        )
        self.latency_seconds = self._histogram(
            "leadpulse_latency_seconds",
            "Time from an input record's Kafka timestamp to the commit of the outputs it caused.",
            "Growing with the lag: add workers. Growing without: see leadpulse_commit_seconds.",
            (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600),
        )

    def _declare_state(self) -> None:
        self.lag = self._gauge(
            "leadpulse_lag_records",
            "Records between the worker's position and the end of an input partition, as last fetched.",
            "Growing for minutes: add workers up to the number of partitions.",
            ["topic", "partition"],
        )
        self.partitions = self._gauge(
            "leadpulse_partitions",
            "Partitions by state: owned (being scored) or restoring.",
            "Restoring for minutes: the changelog is large or the brokers slow; the log counts rows.",
            ["state"],
        )
        self.restored_rows = self._counter(
            "leadpulse_restored_rows_total",
            "Changelog records read to restore state.",
            "Large after a plain restart: the state directory is not kept; give the pod a volume.",
        )
        self.cached_rows = self._gauge(
            "leadpulse_cached_rows",
            "Lead rows in memory.",
            "At limits.cached_rows with slow folds: raise the limit if there is memory.",
        )
        self.ready = self._gauge(
            "leadpulse_ready",
            "1 when assigned, restored, connected and with a model, as /readyz says.",
            "0 for minutes: /readyz and the log name what is missing.",
        )

    def _declare_models(self) -> None:
        self.model = self._gauge(
            "leadpulse_model_info",
            "1 for the model in force, by digest and kind.",
            "Not the one promoted: see leadpulse_models_refused_total.",
            ["digest", "kind"],
        )
        self.models_refused = self._counter(
            "leadpulse_models_refused_total",
            "Models refused, by the check that failed.",
            "The log names the model and what to do; the one before stays in force.",
            ["check"],
        )
        self.swaps = self._counter(
            "leadpulse_model_swaps_total",
            "Models taken into force after the first.",
            "More than promotions: two registries are mixed; compare the `models` setting of the workers.",
        )

    def _counter(self, name: str, meaning: str, remedy: str, labels: list[str] | None = None) -> Counter:
        self.described.append(Described(name, meaning, remedy))
        return Counter(name, meaning, labels or [], registry=self.registry)

    def _gauge(self, name: str, meaning: str, remedy: str, labels: list[str] | None = None) -> Gauge:
        self.described.append(Described(name, meaning, remedy))
        return Gauge(name, meaning, labels or [], registry=self.registry)

    def _histogram(self, name: str, meaning: str, remedy: str, buckets: tuple[float, ...]) -> Histogram:
        self.described.append(Described(name, meaning, remedy))
        return Histogram(name, meaning, buckets=buckets, registry=self.registry)


CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
