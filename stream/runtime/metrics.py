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
        self._declare_restore()
        self._declare_models()
        self._declare_sweeps()

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
            "Epochs by result: committed, aborted (rolled back, taken again) or broken (a new producer was needed).",
            "Aborted outside rebalances, or broken while the brokers are well: the log names the brokers' answer.",
            ["result"],
        )

    def _declare_times(self) -> None:
        self.stage_seconds = self._counter(
            "leadpulse_stage_seconds_total",
            "Time of the processor by stage of an event's way, without that of the Kafka client's own threads.",
            "A stage that grows faster than the events: see the events' size, or the number of features.",
            ["stage"],
        )
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
        self.hot_rows = self._gauge(
            "leadpulse_hot_rows",
            "Lead rows in the memory of limits.hot_memory.",
            "Not growing while leadpulse_rows_total has many stored ones: the memory is full; raise limits.hot_memory.",
        )
        self.rows = self._counter(
            "leadpulse_rows_total",
            "Rows that events needed: hot (in memory) or stored (looked for in the local store).",
            "Mostly stored on a worker that has run for a while: raise limits.hot_memory if there is memory.",
            ["place"],
        )
        self.evicted_rows = self._counter(
            "leadpulse_evicted_rows_total",
            "Rows that made way for others in memory.",
            "As many as events: the memory holds too few of the active leads; raise limits.hot_memory.",
        )
        self.ready = self._gauge(
            "leadpulse_ready",
            "1 when assigned, restored, connected and with a model, as /readyz says.",
            "0 for minutes: /readyz and the log name what is missing.",
        )

    def _declare_restore(self) -> None:
        self.restored_rows = self._counter(
            "leadpulse_restored_rows_total",
            "Changelog records read to restore state; its rate is the speed of a restore.",
            "Large after a plain restart: the state directory is not kept; give the pod a volume.",
        )
        self.restore_remaining = self._gauge(
            "leadpulse_restore_remaining_records",
            "Changelog offsets between a partition that is being restored and its end; absent where none is.",
            "Not falling: the brokers are slow, or a dead worker's transaction is open; that ends by itself.",
            ["partition"],
        )
        self.restore_seconds = self._histogram(
            "leadpulse_restore_seconds",
            "Time from the beginning of a partition's restore to its last row.",
            "Seconds after a plain restart: the state directory is not kept; give the pod a volume.",
            (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
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

    def _declare_sweeps(self) -> None:
        self.swept = self._counter(
            "leadpulse_swept_leads_total",
            "Idle leads that the clock's sweeps committed, by result: scored or expired.",
            "Flat for longer than decay.every: see leadpulse_sweep_instant_seconds.",
            ["result"],
        )
        self.sweep_seconds = self._histogram(
            "leadpulse_sweep_seconds",
            "Time from the first to the last chunk of a partition's sweep.",
            "Near decay.every: add workers, or raise decay.every.",
            (0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600),
        )
        self.sweep_instant = self._gauge(
            "leadpulse_sweep_instant_seconds",
            "The instant of a partition's latest finished sweep, as Unix time.",
            "Older than twice decay.every: the events are old or the sweeps slow. See leadpulse_lag_records.",
            ["partition"],
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
