"""Whatever the traffic, the cut into batches and the models that take turns: what leaves is what the rules say."""

import random
from collections.abc import Iterator

import pytest

from schemas.digest import features_digest
from schemas.load import default_settings
from schemas.records import Alert, ScoreChange
from schemas.settings import Settings
from schemas.times import MINUTE
from stream.core.events import Event
from stream.core.ids import Origin
from stream.core.model import Model
from stream.models.rules import rules_model
from tests.integration.expectation import emission_of, scorer
from tests.integration.traffic import BEGIN, traffic
from tests.oracle.decisions import Emission, Judged, Trigger
from tests.oracle.matching import Event as Raw
from tests.scoring import Arrival, Scoring

TOPIC = "t.web"
SPIKES = (
    {"rise_log_odds": 1.0, "window": "24h", "cooldown": "24h"},
    {"rise_log_odds": 0.3, "window": "1h", "cooldown": "1ms"},
    {"rise_log_odds": 0.7, "window": "7d", "cooldown": "3d"},
)


def cards() -> list[dict[str, object]]:
    """Three scorecards: the shipped one, a generous one and a mean one, by which other things count."""
    shipped = default_settings()["scorecard"]
    half = [rule | {"points": rule["points"] / 2} for rule in shipped["rules"]]
    few = [{"feature": "events_7d", "points": 3, "most": 12}, {"feature": "logins_7d", "points": -4, "most": 5}]
    return [
        shipped,
        shipped | {"base_probability": 0.4, "tiers": [4, 2], "rules": half},
        shipped | {"base_probability": 0.001, "tiers": [20, 5], "rules": few},
    ]


def cuts(choose: random.Random, size: int) -> Iterator[range]:
    """A log cut anywhere."""
    start = 0
    while start < size:
        end = min(size, start + choose.choice((1, 2, 7, 60)))
        yield range(start, end)
        start = end


@pytest.mark.parametrize("spike", SPIKES)
@pytest.mark.parametrize("seed", range(4))
def test_engine_and_oracle_tell_the_same_story(seed: int, spike: dict[str, object]) -> None:
    choose = random.Random(seed)
    plain = default_settings() | {"decisions": {"change_log_odds": choose.choice((0.05, 0.25, 0.8)), "spike": spike}}
    settings = Settings.model_validate(plain)
    files = [rules_model(Settings.model_validate(plain | {"scorecard": card})) for card in cards()]
    models = [Model(each, features_digest(settings), settings.tiers) for each in files]
    scorers = [scorer(each, settings) for each in files]
    arrivals = traffic(seed + 100, leads=12, events=300, disorder=bool(seed % 2))
    engine = Scoring(settings)
    rows: dict[str, bytes] = {}
    judged: dict[str, Judged] = {}
    told: list[Emission] = []
    expected: list[Emission] = []
    which = 0
    for places in cuts(choose, len(arrivals)):
        which = choose.choice((which, which, 0, 1, 2))
        batch = {Trigger(TOPIC, 0, place): arrivals[place].event for place in places}
        told += told_by_engine(engine, settings, batch, rows, models[which])
        for trigger, event in batch.items():
            lead = judged.setdefault(event["lead"], Judged(plain, settings.application, event["lead"]))
            emission = lead.arrive(event, trigger, scorers[which])[1]
            expected += [] if emission is None else [emission]
    assert told == expected
    assert {"event", "model"} == {each.cause for each in expected}
    assert any(each.alert for each in expected)


def told_by_engine(
    engine: Scoring, settings: Settings, batch: dict[Trigger, Raw], rows: dict[str, bytes], model: Model
) -> list[Emission]:
    """What the engine lets leave because of these events."""
    origins = [Origin(*trigger) for trigger in batch]
    arrivals = [Arrival(Event(**event), origin, 0) for origin, event in zip(origins, batch.values(), strict=True)]
    processed = engine.process(arrivals, rows, model, {0: {}})
    rows.update(processed.rows)
    values = [(each.kind, each.value or b"") for each in processed.outputs]
    changes = [ScoreChange.model_validate_json(value) for kind, value in values if kind == "change"]
    alerts = [Alert.model_validate_json(value) for kind, value in values if kind == "alert"]
    alert_at = {(alert.lead, alert.sequence): alert for alert in alerts}
    return [emission_of(settings, change, alert_at.get((change.lead, change.sequence))) for change in changes]


def test_what_happened_while_another_model_scored_is_the_leads_doing_when_the_first_is_put_back() -> None:
    settings = Settings.model_validate(default_settings())
    card = default_settings()["scorecard"]
    blind = {"scorecard": card | {"rules": [{"feature": "logins_7d", "points": 1, "most": 7}]}}
    files = [rules_model(Settings.model_validate(default_settings() | changed)) for changed in ({}, blind)]
    first, second = (Model(each, features_digest(settings), settings.tiers) for each in files)
    engine = Scoring(settings)
    rows: dict[str, bytes] = {}
    view = {"lead": "lead-1", "type": "web", "name": "page_view", "properties": {}}
    told = []
    for offset, (path, model) in enumerate((("/", first), ("/pricing", second), ("/", first))):
        event = view | {"id": str(offset), "time": BEGIN + offset * MINUTE, "path": path}
        told.append(told_by_engine(engine, settings, {Trigger(TOPIC, 0, offset): event}, rows, model))

    assert [[each.cause for each in leaves] for leaves in told] == [["event"], [], ["event"]]
