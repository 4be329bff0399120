"""What the oracle expects of a deployment, and the comparison of that with what the worker wrote."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np

from schemas.digest import features_digest
from schemas.records import Alert as AlertRecord
from schemas.records import LatestScore, ScoreChange
from schemas.records import Score as ScoreRecord
from schemas.records import Tick as TickRecord
from schemas.records import Trigger as TriggerRecord
from schemas.settings import Settings
from schemas.times import parse_time
from stream.core.fold import Folder
from stream.core.model import Model, ModelFiles
from stream.core.octets import Octets
from stream.core.plan import build_plan
from stream.core.standing import SCORED, new_standing, unpack_standing
from tests.integration.deployment import Broker, Deployment
from tests.integration.topics import Record, read_all
from tests.oracle.decisions import Alert, Emission, Features, Judged, Notable, Score, Scorer, Tick, Trigger, output_id
from tests.oracle.lead import Verdict
from tests.oracle.matching import Event
from tests.scoring import sections

OWN_ROWS: Final = b"\0"

R = TypeVar("R", ScoreChange, LatestScore, AlertRecord)

Read = Callable[[Broker, str], Sequence[Record]]
"""How the records of an output topic are read: as they lie there, or as a subscriber keeps them."""


class Expected(NamedTuple):
    """Emissions by lead, in order; every lead after its last event; what became of each record."""

    emissions: dict[str, list[Emission]]
    leads: dict[str, Judged]
    verdicts: dict[Trigger, Verdict]

    @property
    def alerts(self) -> list[Emission]:
        return [each for emissions in self.emissions.values() for each in emissions if each.alert is not None]


def scorer(files: ModelFiles, settings: Settings) -> Scorer:
    """A model as the oracle takes it."""
    model = Model(files, features_digest(settings), settings.tiers)

    def score(features: Features) -> np.float32:
        return np.float32(model.score(np.array([features], np.float32))[0][0])

    return Scorer(model.digest, score, tuple(np.float32(edge) for edge in model.edges), tuple(model.tiers))


def expect(
    deployment: Deployment,
    log: Iterable[tuple[Event, Trigger]],
    model_at: Callable[[Trigger], Scorer],
    before: Expected | None = None,
) -> Expected:
    """Judges a log whose events of one lead are in the order in which the worker reads them; goes on from `before`."""
    content = deployment.content
    expected = before or Expected({}, {}, {})
    for event, trigger in log:
        lead = event["lead"]
        if lead not in expected.leads:
            expected.leads[lead] = Judged(content, deployment.settings.application, lead)
        verdict, emission = expected.leads[lead].arrive(event, trigger, model_at(trigger))
        expected.verdicts[trigger] = verdict
        if emission is not None:
            expected.emissions.setdefault(lead, []).append(emission)
    return expected


def read_emissions(deployment: Deployment, read: Read = read_all) -> dict[str, list[Emission]]:
    """Changes and their alerts as subscribers see them, by lead, in the order of the topic."""
    names, settings = deployment.names, deployment.settings
    alerts: dict[tuple[str, TriggerRecord | TickRecord], AlertRecord] = {}
    for record in read(deployment.broker, names.alerts):
        alert = _read(AlertRecord, record, "leadpulse.spike.alert.v1")
        assert (alert.lead, alert.trigger) not in alerts, "two alerts with one score change"
        alerts[alert.lead, alert.trigger] = alert
    found: dict[str, list[Emission]] = {}
    for record in read(deployment.broker, names.changes):
        change = _read(ScoreChange, record, "leadpulse.score.changed.v1")
        told = emission_of(settings, change, alerts.pop((change.lead, change.trigger), None))
        found.setdefault(change.lead, []).append(told)
    assert not alerts, "alerts without their score change"
    return found


def emission_of(settings: Settings, change: ScoreChange, alert: AlertRecord | None) -> Emission:
    """A change and the alert sent with it, in the oracle's form."""
    score = change.scores["conversion"]
    explained = change.baseline + sum(driver.contribution for driver in change.drivers) + change.rest
    assert abs(explained - score.log_odds) < 1e-6
    if alert is not None:
        shared = {"lead", "sequence", "time", "as_of", "scores", "trigger", "model", "configuration"}
        assert alert.model_dump(include=shared) == change.model_dump(include=shared)
    return Emission(
        id=change.id,
        lead=change.lead,
        sequence=change.sequence,
        as_of=parse_time(change.as_of),
        cause=change.cause,
        trigger=_trigger(change.trigger),
        score=_score(score),
        previous=None if score.previous is None else _score(score.previous),
        features=np.array(change.features, np.float32).tobytes(),
        model=change.model,
        alert=None if alert is None else _alert(settings, alert),
    )


def assert_latest_is_last(deployment: Deployment, emissions: dict[str, list[Emission]]) -> None:
    """What the compacted topic keeps of a lead is its last change, under its own name; of one that expired nothing.

    Records that came again count as they lie there: what went before them the brokers may have removed.
    """
    application = deployment.settings.application
    found: dict[str, tuple[str, int, Score, str]] = {}
    for record in read_all(deployment.broker, deployment.names.latest):
        if record.value is None:
            del found[(record.key or b"").decode()]
            continue
        latest = _read(LatestScore, record, "leadpulse.score.latest.v1")
        found[latest.lead] = (latest.id, latest.sequence, _score(latest.scores["conversion"]), latest.model)
    last = {
        lead: (
            output_id(application, "latest", lead, each[-1].trigger),
            each[-1].sequence,
            each[-1].score,
            each[-1].model,
        )
        for lead, each in emissions.items()
    }
    other = [lead for lead in found.keys() | last.keys() if found.get(lead) != last.get(lead)]
    assert not other, f"the latest score of {len(other)} leads is not that of their last change, such as {other[0]}"


def assert_state_equals(deployment: Deployment, leads: dict[str, Judged]) -> None:
    """The newest row of each lead gives the oracle's features and last score, to the last bit, and no other has one."""
    rows = newest_rows(deployment)
    known = {lead: judged for lead, judged in leads.items() if judged.lead.counted}
    assert rows.keys() == known.keys()
    settings = deployment.settings
    folder = Folder(
        build_plan(settings), sum(1 << signal.number for signal in settings.observed.signals if signal.notable)
    )
    wrong = [
        lead
        for lead, judged in known.items()
        if folder.vector(sections(rows[lead]).state).tobytes() != np.array(judged.lead.vector(), np.float32).tobytes()
    ]
    assert wrong == []
    assert {lead: last_scored(row) for lead, row in rows.items()} == {
        lead: judged.log_odds for lead, judged in known.items()
    }


def newest_rows(deployment: Deployment) -> dict[str, bytes]:
    """The newest row of each lead in the changelog."""
    rows: dict[str, bytes] = {}
    homes: dict[str, int] = {}
    for record in read_all(deployment.broker, deployment.names.changelog):
        assert record.key is not None
        if not record.key.startswith(OWN_ROWS):
            lead = record.key.decode()
            assert homes.setdefault(lead, record.partition) == record.partition, "a lead in two partitions"
            if record.value is None:
                del rows[lead]
            else:
                rows[lead] = record.value
    return rows


def last_scored(row: bytes) -> np.float32:
    """The log-odds that the lead was scored with last."""
    standing = new_standing()
    data: Octets = np.frombuffer(sections(row).standing, np.uint8)
    unpack_standing(data, 0, standing)
    return np.float32(standing.log_odds[SCORED])


def assert_no_id_twice(deployment: Deployment) -> None:
    """Whoever reads committed records never sees an output again."""
    names = deployment.names
    for topic in (names.changes, names.latest, names.alerts, names.dead_letters):
        ids = [dict(record.headers)["ce_id"] for record in read_all(deployment.broker, topic)]
        assert len(ids) == len(set(ids)), f"{topic} repeats itself"


def _read(kind: type[R], record: Record, event: str) -> R:
    read = kind.model_validate_json(record.value or b"")
    headers = dict(record.headers)
    assert record.key == read.lead.encode()
    assert headers["ce_id"] == read.id.encode()
    assert headers["ce_type"] == event.encode()
    assert headers["ce_specversion"] == b"1.0"
    return read


def _alert(settings: Settings, alert: AlertRecord) -> Alert:
    numbers = {signal.name: signal.number for signal in settings.observed.signals}
    events = tuple(Notable(parse_time(each.time), numbers[each.signal], each.event) for each in alert.events)
    assert alert.text
    assert alert.drivers
    return Alert(alert.id, alert.rule, np.float32(alert.rise), events)


def _trigger(trigger: TriggerRecord | TickRecord) -> Trigger | Tick:
    if isinstance(trigger, TickRecord):
        return Tick(parse_time(trigger.tick))
    return Trigger(trigger.topic, trigger.partition, trigger.offset, trigger.part)


def _score(score: ScoreRecord) -> Score:
    assert float(np.float32(score.log_odds)) == score.log_odds
    assert abs(score.probability - 1 / (1 + np.exp(-np.float64(score.log_odds)))) < 1e-9
    assert abs(score.score - 100 * score.probability) < 1e-6
    return Score(np.float32(score.log_odds), score.tier)


def in_offset_order(log: Sequence[tuple[Event, Trigger]]) -> list[tuple[Event, Trigger]]:
    """The order in which a worker reads the partitions of one topic."""
    assert len({trigger.topic for _, trigger in log}) == 1
    return sorted(log, key=lambda each: (each[1].partition, each[1].offset))
