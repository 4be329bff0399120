"""The settings file as a whole: every section, its defaults and the rules between sections."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.events import CHANNELS, Channel
from schemas.features import Feature, Landing, Profile, Sequence, Sum, Tenure
from schemas.kafka import Kafka
from schemas.learning import Learning
from schemas.scorecard import Scorecard
from schemas.signals import Observed
from schemas.strict import Setting
from schemas.target import Target
from schemas.telemetry import Log, Traces
from schemas.times import DAY, HOUR, MINUTE, SECOND, Duration

Format = Literal["native", "segment", "sendgrid", "mailgun", "hubspot", "customerio"]
"""The format of an input topic; `segment` is RudderStack's too."""


class Spike(Setting):
    """When a lead deserves an alert."""

    rise_log_odds: Annotated[float, Field(gt=0, examples=[1.0])] = 1.0
    """How far the log-odds must have risen above their lowest value in the window."""
    window: Annotated[Duration, Field(ge=HOUR, le=7 * DAY, examples=["24h"])] = 24 * HOUR
    """The window, measured in hour tiles."""
    cooldown: Annotated[Duration, Field(ge=0, le=90 * DAY, examples=["24h"])] = 24 * HOUR
    """How long after an alert a lead raises no other."""


class Decisions(Setting):
    """What is worth telling."""

    change_log_odds: Annotated[float, Field(gt=0, examples=[0.25])] = 0.25
    """How far the log-odds must have moved since the last score change; crossing a tier always counts."""
    spike: Spike = Spike()
    """Spike alerts."""
    drivers: Annotated[int, Field(ge=1, le=20, examples=[5])] = 5
    """How many reasons a record names."""


class Decay(Setting):
    """How scores of idle leads fall by the clock, and when such leads are forgotten."""

    every: Annotated[Duration | None, Field(ge=5 * MINUTE, le=7 * DAY, examples=["6h"])] = 6 * HOUR
    """Idle leads are scored anew at the whole multiples of this since 1970; null leaves scores to events alone."""
    quiet: Annotated[Duration, Field(ge=SECOND, le=DAY, examples=["10m"])] = 10 * MINUTE
    """After so long without an event the clock goes on by itself, so far behind the worker's own; until then it is the
    latest event time of the partition."""
    expire: Annotated[Duration, Field(ge=100 * DAY, le=3_650 * DAY, examples=["180d"])] = 100 * DAY
    """A lead without an event for longer is forgotten: no window reaches further back, and no late event counts."""


class Tier(Setting):
    """A band of scores."""

    name: Annotated[str, Field(min_length=1, max_length=32, examples=["hot"])]
    """What people call it."""
    share: Annotated[float | None, Field(gt=0, lt=1, examples=[0.1])] = None
    """By capacity: the band ends where this share of the reference population lies above."""
    score: Annotated[float | None, Field(gt=0, lt=100, examples=[80])] = None
    """By threshold: the band begins at this score."""
    per_day: Annotated[float | None, Field(gt=0, examples=[40])] = None
    """By capacity: the band ends where so many leads a day reach it or a higher one, each counted once, at its best."""

    @model_validator(mode="after")
    def _one_of(self) -> "Tier":
        if sum(edge is not None for edge in (self.share, self.score, self.per_day)) != 1:
            raise ValueError("give one of share, per_day (capacity) and score (threshold)")
        return self

    @property
    def by(self) -> Literal["share", "score", "per_day"]:
        """How it is given."""
        return "share" if self.share is not None else "score" if self.score is not None else "per_day"


class Tiers(Setting):
    """The bands above the lowest one, the highest first."""

    above: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=8)] = (
        Tier(name="hot", share=0.1),
        Tier(name="warm", share=0.3),
    )
    """The bands; all by share, all by score or all by leads a day."""
    lowest: Annotated[str, Field(min_length=1, max_length=32, examples=["cold"])] = "cold"
    """What people call the rest."""

    @model_validator(mode="after")
    def _ordered(self) -> "Tiers":
        kinds = {tier.by for tier in self.above}
        if len(kinds) > 1:
            raise ValueError(f"mix no bands by {' and '.join(sorted(kinds))}")
        # Capacities grow from the highest band down, scores fall.
        edges = [tier.score if tier.by == "score" else -(tier.share or tier.per_day or 0) for tier in self.above]
        if edges != sorted(set(edges), key=lambda edge: -(edge or 0)):
            raise ValueError("name the highest band first, each with an edge of its own")
        return self


class Limits(Setting):
    """Where the worker draws a line."""

    event_bytes: Annotated[int, Field(ge=1_024, le=8 * 1024 * 1024, examples=[262144])] = 262_144
    """A larger event is a dead letter."""
    dead_letter_bytes: Annotated[int, Field(ge=16_384, le=16 * 1024 * 1024, examples=[1000000])] = 1_000_000
    """A dead letter that would be larger loses the end of its value: stay below max.message.bytes of the topic."""
    ahead: Annotated[Duration, Field(ge=0, le=7 * DAY, examples=["10m"])] = 10 * MINUTE
    """An event stamped further ahead of its Kafka record's time is a dead letter."""
    epoch: Annotated[Duration, Field(ge=1, le=MINUTE, examples=["25ms"])] = 25
    """How long outputs gather before a transaction commits them, with `at_least_once` half of it; longer where a commit
    takes longer. Under a backlog up to 20 times as long, and a second at most where it is less itself."""
    epoch_rows: Annotated[int, Field(ge=100, le=100_000, examples=[20000])] = 20_000
    """How many changed leads commit at the latest."""
    hot_memory: Annotated[int, Field(ge=4 * 1024 * 1024, le=64 * 1024**3, examples=[268435456])] = 256 * 1024 * 1024
    """Bytes of memory for the rows of the leads seen lately; the rest are read from the local store."""
    store_bytes: Annotated[int, Field(ge=32 * 1024 * 1024, examples=[134217728])] = 134_217_728
    """The memory of the local store, however many leads it has: what was written last, and blocks of what is on disk.
    Reads slow down to about half the speed where it is below 20 MiB for each million leads."""
    dead_share: Annotated[float | None, Field(gt=0, le=1, examples=[0.5])] = 0.5
    """For `dead_window` after a start the worker stops, before it commits them, where a greater share of its records
    than this are dead letters; a hundred records at the least. null lets it go on."""
    dead_window: Annotated[Duration, Field(ge=SECOND, le=DAY, examples=["10m"])] = 10 * MINUTE
    """For how long after its first record a worker watches its dead letters: a bad change shows at once."""


class Web(Setting):
    """The worker's own web server: /healthz, /readyz and /metrics."""

    host: Annotated[str, Field(examples=["0.0.0.0"])] = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65_535, examples=[6066])] = 6066
    """The port; 0 takes a free one and logs it."""


class Topics(Setting):
    """Names and formats of the topics."""

    prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,100}$", examples=["acme.prod"])] = "leadpulse"
    """Stands before every topic; carries tenant and environment."""
    inputs: Annotated[tuple[Channel, ...], Field(min_length=1, examples=[["web", "email", "product", "crm"]])] = (
        CHANNELS
    )
    """The input topics that are read, each `<prefix>.<name>`."""
    missing_events: Annotated[Literal["stop", "skip"], Field(examples=["stop"])] = "stop"
    """What to do when events that were not read yet are gone (retention, a topic made anew): stop, or go on without."""
    formats: Annotated[dict[Channel, Format], Field(examples=[{"web": "segment", "email": "sendgrid"}])] = {}
    """The format of an input topic where it is not `native`; `segment` reads RudderStack's calls too."""

    @model_validator(mode="after")
    def _distinct(self) -> "Topics":
        if len(set(self.inputs)) != len(self.inputs):
            raise ValueError("an input topic is named twice")
        return self


class Settings(Setting):
    """All settings of worker and training job."""

    application: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,60}$", examples=["leadpulse"])] = (
        "leadpulse"
    )
    """Names the consumer group, the transactions and the outputs' ids; a new name starts from nothing."""
    worker: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,60}$", examples=["leadpulse-0"])] = "worker-0"
    """Names this worker among its peers, the same after a restart: the pod's name."""
    guarantee: Annotated[Literal["exactly_once", "at_least_once"], Field(examples=["exactly_once"])] = "exactly_once"
    """What holds after a crash: exactly_once needs brokers with transactions; at_least_once may repeat outputs, with
    equal ids, and loses none."""
    kafka: Kafka = Kafka()
    """The connection."""
    topics: Topics = Topics()
    """The topics."""
    state: Annotated[Path, Field(examples=["/var/lib/leadpulse"])] = Path("build/state")
    """The directory of the local store; it can be lost, the changelog has it all."""
    models: Annotated[str, Field(min_length=1, examples=["/models", "s3://acme-models/leadpulse"])] = "build/models"
    """The model registry: a directory, or a URL that fsspec knows (for S3 install leadpulse[s3])."""
    web: Web = Web()
    """The web server."""
    observed: Observed
    """Signals, profile fields, landing pages and the outcome."""
    features: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=512)]
    """The features, in the order of the model's columns."""
    target: Target = Target()
    """What training predicts."""
    scorecard: Scorecard
    """The rules that score until a model is trained."""
    learning: Learning = Learning()
    """What the training job tries."""
    tiers: Tiers = Tiers()
    """The bands of scores."""
    decisions: Decisions = Decisions()
    """What is worth telling."""
    decay: Decay = Decay()
    """How idle leads fall and expire."""
    limits: Limits = Limits()
    """Where the worker draws a line."""
    log: Log = Log()
    """The worker's log."""
    traces: Traces = Traces()
    """The worker's traces."""

    @model_validator(mode="after")
    def _names_exist(self) -> "Settings":
        names = [feature.name for feature in self.features]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"feature name used twice: {', '.join(twice)}")
        for feature in self.features:
            self._check(feature)
        self._check_scorecard(names)
        if unknown := sorted(self.learning.named - set(names)):
            raise ValueError(f"learning: no feature is called {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _can_be_fenced(self) -> "Settings":
        if self.guarantee == "at_least_once" and self.kafka.group_protocol == "consumer":
            # The one question about a group's members that goes on being answered after a broker's end knows no others.
            raise ValueError("guarantee: at_least_once needs kafka.group_protocol: classic")
        return self

    def _check_scorecard(self, names: list[str]) -> None:
        ruled = [rule.feature for rule in self.scorecard.rules]
        for name in ruled:
            if name not in names:
                raise ValueError(f"scorecard: no feature is called {name}")
            if ruled.count(name) > 1:
                raise ValueError(f"scorecard: two rules for {name}")
        edges = self.scorecard.tiers
        if len(edges) != len(self.tiers.above) or list(edges) != sorted(set(edges), reverse=True):
            raise ValueError(f"scorecard.tiers: give {len(self.tiers.above)} falling numbers of points, one a tier")

    def _check(self, feature: Feature) -> None:
        signals = {signal.name: signal for signal in self.observed.signals}
        if isinstance(feature, Sequence):
            used = feature.first + feature.then
        elif isinstance(feature, Tenure | Landing | Profile):
            used = ()
        else:
            used = feature.signals
        for name in used:
            if name not in signals:
                raise ValueError(f"feature {feature.name}: no signal is called {name}")
        if isinstance(feature, Sum) and not any(signals[name].value for name in feature.signals or signals):
            raise ValueError(f"feature {feature.name}: none of its signals has a value to sum")
        if isinstance(feature, Landing) and feature.page not in {page.name for page in self.observed.landing}:
            raise ValueError(f"feature {feature.name}: no landing page is called {feature.page}")
        if isinstance(feature, Profile):
            self._check_profile(feature)

    def _check_profile(self, feature: Profile) -> None:
        field = {field.name: field for field in self.observed.profile}.get(feature.field)
        if field is None:
            raise ValueError(f"feature {feature.name}: no profile field is called {feature.field}")
        if field.kind == "number" and feature.equals is not None:
            raise ValueError(f"feature {feature.name}: {feature.field} is a number, so leave out equals")
        if field.kind == "category" and feature.equals not in field.values:
            raise ValueError(f"feature {feature.name}: equals must be one of {', '.join(field.values)}")
