"""Every metric of the worker, each with its meaning and what to do when it looks wrong. Nothing else makes one."""

from dataclasses import dataclass
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.records import Reason
from stream.core.model import Refusal
from stream.runtime.distribution import Distribution
from stream.runtime.store import Store

TENTHS: Final = 10


@dataclass(frozen=True)
class Described:
    """What the person paged needs to know of a metric. kind: Prometheus' word for it."""

    name: str
    kind: str
    labels: tuple[str, ...]
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
        self._declare_scores()
        self._declare_sweeps()

    def watch_disk(self, store: Store) -> None:
        """Has the store's size and the disk's room looked at whenever the metrics are read."""
        self.store_bytes.set_function(store.size)
        self.disk_bytes.labels("free").set_function(lambda: store.room()[0])
        self.disk_bytes.labels("all").set_function(lambda: store.room()[1])

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
            "`leadpulse dlq list` and `show` tell what the producer must change; then `leadpulse dlq replay`.",
            ["reason"],
        )
        for reason in get_args(Reason):  # from 0 on, so that a first one is a rise
            self.dead_letters.labels(reason)
        self.epochs = self._counter(
            "leadpulse_epochs_total",
            "Epochs by result: committed, aborted (rolled back, taken again) or broken (a new producer was needed).",
            "Aborted outside rebalances, or broken while the brokers are well: the log names the brokers' answer.",
            ["result"],
        )
        for result in ("committed", "aborted", "broken"):
            self.epochs.labels(result)
        self.last_commit = self._gauge(
            "leadpulse_last_commit_seconds",
            "When the latest epoch was committed, as Unix time; 0 before the first.",
            "Old while leadpulse_lag_records is not 0: nothing is scored; see leadpulse_ready, /readyz and the log.",
        )
        self.refusals = self._counter(
            "leadpulse_broker_refusals_total",
            "Refusals by the brokers for want of credentials, a certificate or an ACL, by error and, if known, topic.",
            "Not 0: the log's line names the topic, group or transactional id, and the ACL or setting that is missing.",
            ["error", "topic"],
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
        self.epoch_seconds = self._histogram(
            "leadpulse_epoch_seconds",
            "Time from an epoch's beginning to its commit.",
            "Above limits.epoch by far: there is a backlog, or see leadpulse_commit_seconds.",
            (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
        )
        self.clock_ahead = self._gauge(
            "leadpulse_clock_ahead_seconds",
            "How far the latest poll's newest Kafka timestamp lies ahead of the worker's clock; below 0, behind it.",
            "Above some seconds: a clock is wrong, the worker's or that of producers or brokers; see to NTP on them.",
        )
        self.latency_seconds = self._distribution(
            "leadpulse_latency_seconds",
            "Time from an input record's Kafka timestamp to the commit of each output it caused. In OpenMetrics the "
            "exemplars name the epoch, as logs do, and the trace that the longest waiting record came with.",
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
        self.store_bytes = self._gauge(
            "leadpulse_store_bytes",
            "Size of the local store's tables on disk.",
            "Growing without new leads: compaction is behind, which passes, or leads never expire; see decay.expire.",
        )
        self.disk_bytes = self._gauge(
            "leadpulse_disk_bytes",
            "Bytes of the disk that the local store lies on: free, and all.",
            "Little free: enlarge the volume. The state is in the changelog, so a worker may also begin on a new one.",
            ["state"],
        )
        self.ready = self._gauge(
            "leadpulse_ready",
            "1 when assigned, restored, connected and with a model, as /readyz says.",
            "0 for minutes: /readyz and the log name what is missing.",
        )
        self.started = self._gauge(
            "leadpulse_started_seconds",
            "When the worker was started, as Unix time.",
            "Changing again and again: it ends soon after each start; its last line before says why and what to do.",
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
        for check in get_args(Refusal):
            self.models_refused.labels(check)
        self.model_created = self._gauge(
            "leadpulse_model_created_seconds",
            "When the model in force was made, as Unix time; absent while the rules score.",
            "Older than your training's schedule: the training job fails or its gates block; see its log and report.",
            ["digest"],
        )
        self.registry_failures = self._counter(
            "leadpulse_registry_failures_total",
            "Looks at the model registry that failed: one a second at most, fewer where the registry hangs.",
            "Growing: the directory or bucket of the `models` setting is away or refuses the worker; the log says why.",
        )
        self.swaps = self._counter(
            "leadpulse_model_swaps_total",
            "Models taken into force after the first.",
            "More than promotions: two registries are mixed; compare the `models` setting of the workers.",
        )

    def _declare_scores(self) -> None:
        self.scores = self._distribution(
            "leadpulse_score_points",
            "Scores (100 x probability) given: one for each counted event and for each lead of a sweep.",
            "Moved without a new model: see leadpulse_scored_total; a source may have changed what it sends.",
            (0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95),
        )
        self.scored = self._counter(
            "leadpulse_scored_total",
            "Scores by the tenth of the model's reference population that they fall into (0 the lowest), and by cause: "
            "event, or clock for a sweep, which looks at every idle lead once. Not counted while the rules score.",
            "Sweeps far from a tenth each: the leads are no longer those that the model learned from; train anew.",
            ["tenth", "cause"],
        )
        self.tenths = {
            cause: [self.scored.labels(str(tenth), cause) for tenth in range(TENTHS)] for cause in ("event", "clock")
        }

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
        self._describe(name, "counter", meaning, remedy, labels)
        return Counter(name, meaning, labels or [], registry=self.registry)

    def _gauge(self, name: str, meaning: str, remedy: str, labels: list[str] | None = None) -> Gauge:
        self._describe(name, "gauge", meaning, remedy, labels)
        return Gauge(name, meaning, labels or [], registry=self.registry)

    def _histogram(self, name: str, meaning: str, remedy: str, buckets: tuple[float, ...]) -> Histogram:
        self._describe(name, "histogram", meaning, remedy)
        return Histogram(name, meaning, buckets=buckets, registry=self.registry)

    def _distribution(self, name: str, meaning: str, remedy: str, edges: tuple[float, ...]) -> Distribution:
        self._describe(name, "histogram", meaning, remedy)
        made = Distribution(name, meaning, edges)
        self.registry.register(made)
        return made

    def _describe(self, name: str, kind: str, meaning: str, remedy: str, labels: list[str] | None = None) -> None:
        self.described.append(Described(name, kind, tuple(labels or ()), meaning, remedy))
