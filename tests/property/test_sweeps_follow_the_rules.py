"""Sweeps anywhere between the events, cut into any chunks: what leaves and what is kept is what the rules say."""

import random
from collections.abc import Mapping

import pytest

from schemas.digest import features_digest
from schemas.load import default_settings
from schemas.records import ScoreChange
from schemas.settings import Settings
from schemas.times import DAY, HOUR
from stream.core.model import Model
from stream.models.rules import rules_model
from tests.integration.expectation import emission_of, last_scored, scorer
from tests.integration.traffic import traffic
from tests.oracle.decisions import Emission, Judged, Scorer, Trigger
from tests.property.test_decisions_follow_the_rules import SPIKES, TOPIC, cards, cuts, told_by_engine
from tests.scoring import Scoring, Swept

EVERY = HOUR


Told = tuple[str, bytes | None, bytes | None]
"""Kind, key and value of an output."""


def sweep(engine: Scoring, rows: dict[str, bytes], tick: int, model: Model, chunks: random.Random) -> list[Told]:
    """One sweep of all rows, in the order of their keys."""
    leads = sorted(rows, key=str.encode)
    outputs: list[Told] = []
    while leads:
        size = chunks.randint(1, len(leads))
        swept = engine.sweep({lead: rows[lead] for lead in leads[:size]}, tick, model, {TOPIC: 7})
        leads = leads[size:]
        take(rows, swept)
        outputs += [(each.kind, each.key, each.value) for each in swept.outputs]
    return outputs


def take(rows: dict[str, bytes], swept: Swept) -> None:
    for lead, row in swept.rows.items():
        if row is None:
            del rows[lead]
        else:
            rows[lead] = row


def expected_of(judged: dict[str, Judged], tick: int, model: Scorer) -> tuple[list[str], list[Emission]]:
    """By the oracle: who expires, and what leaves of the others."""
    expired = [lead for lead, each in judged.items() if each.as_of < tick and each.expires(tick)]
    for lead in expired:
        del judged[lead]
    left = [judged[lead].sweep(tick, model) for lead in sorted(judged, key=str.encode)]
    return expired, [each for each in left if each is not None]


def told_of(settings: Settings, outputs: list[Told]) -> list[Emission]:
    values = [value or b"" for kind, _, value in outputs if kind == "change"]
    return [emission_of(settings, ScoreChange.model_validate_json(value), None) for value in values]


@pytest.mark.parametrize("spike", SPIKES)
@pytest.mark.parametrize("seed", range(3))
def test_engine_and_oracle_agree_on_sweeps_between_events(seed: int, spike: dict[str, object]) -> None:
    choose = random.Random(seed)
    plain = default_settings() | {"decisions": {"change_log_odds": choose.choice((0.05, 0.25)), "spike": spike}}
    settings = Settings.model_validate(plain)
    files = [rules_model(Settings.model_validate(plain | {"scorecard": card})) for card in cards()]
    models = [Model(each, features_digest(settings), settings.tiers) for each in files]
    scorers = [scorer(each, settings) for each in files]
    arrivals = traffic(seed + 200, leads=10, events=200, days=120, disorder=True)
    engine = Scoring(settings)
    rows: dict[str, bytes] = {}
    judged: dict[str, Judged] = {}
    told, expected, gone = [], [], []
    which = 0
    for places in cuts(choose, len(arrivals)):
        which = choose.choice((which, which, which, 0, 1, 2))
        batch = {Trigger(TOPIC, 0, place): arrivals[place].event for place in places}
        told += told_by_engine(engine, settings, batch, rows, models[which])
        for trigger, event in batch.items():
            lead = judged.setdefault(event["lead"], Judged(plain, settings.application, event["lead"]))
            emission = lead.arrive(event, trigger, scorers[which])[1]
            expected += [] if emission is None else [emission]
        judged = {lead: each for lead, each in judged.items() if each.lead.counted}
        if choose.random() < 0.6:
            # Mostly a little later than the events, sometimes before their latest, now and then where the clock ran on.
            now = arrivals[places[-1]].event["time"] + choose.choice((-DAY, 0, HOUR, 2 * DAY, 2 * DAY, 95 * DAY))
            tick = now // EVERY * EVERY
            outputs = sweep(engine, rows, tick, models[which], choose)
            expired, left = expected_of(judged, tick, scorers[which])
            told += told_of(settings, outputs)
            expected += left
            gone += expired
            assert sorted(key or b"" for _, key, value in outputs if value is None) == sorted(map(str.encode, expired))
            assert rows.keys() == judged.keys()
    assert told == expected
    assert {lead: last_scored(row) for lead, row in rows.items()} == {
        lead: each.log_odds for lead, each in judged.items()
    }
    causes = [each.cause for each in expected]
    assert min(causes.count("clock"), causes.count("event"), causes.count("model"), len(gone)) > 0
    assert all(each.alert is None for each in expected if each.cause == "clock")


def test_a_sweep_gives_the_same_bytes_whatever_its_chunks() -> None:
    settings = Settings.model_validate(default_settings())
    model = Model(rules_model(settings), features_digest(settings), settings.tiers)
    arrivals = traffic(5, leads=60, events=400, days=110)
    engine = Scoring(settings)
    rows: dict[str, bytes] = {}
    batch = {Trigger(TOPIC, 0, place): each.event for place, each in enumerate(arrivals)}
    told_by_engine(engine, settings, batch, rows, model)
    tick = (arrivals[-1].event["time"] + 30 * DAY) // EVERY * EVERY

    whole = dict(rows)
    swept = engine.sweep({lead: rows[lead] for lead in sorted(rows, key=str.encode)}, tick, model, {TOPIC: 7})
    take(whole, swept)
    expected: Mapping[tuple[str, bytes | None], bytes | None] = {
        (each.kind, each.key): each.value for each in swept.outputs
    }
    assert 0 < swept.expired < swept.scored
    assert len(expected) == len(swept.outputs) > 60

    for seed in range(10):
        cut = dict(rows)
        outputs = sweep(engine, cut, tick, model, random.Random(seed))
        assert cut == whole
        assert {(kind, key): value for kind, key, value in outputs} == expected
        assert sweep(engine, cut, tick, model, random.Random(seed)) == [], "a second sweep as of the same instant"
