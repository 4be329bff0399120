"""The demo's claims fail where they should: a verdict that always holds would be an advertisement."""

from collections import Counter
from collections.abc import Callable

import pytest

from leadpulse.demo.broker import InProcessKafka
from leadpulse.demo.market import HISTORY_DAYS, Injected, Market
from leadpulse.demo.pages import Counts
from leadpulse.demo.subscriber import Subscriber
from leadpulse.demo.summary import Summary, percentiles
from leadpulse.demo.verdicts import judge
from schemas.settings import Topics
from schemas.times import DAY
from schemas.topics import TopicNames

NOW = 1_790_000_000_000


class Outcome:
    """A run in which everything held: ten events of which one came again and one was broken, two changes, an alert."""

    def __init__(self) -> None:
        self.produced = 10
        self.injected = Injected(repeats=1, flaws=Counter({"truncated": 1}))
        self.counts = Counts(
            10,
            Counter(counted=8, duplicate=1),
            Counter({"change": 2, "alert": 1, "dead-letter": 1}),
            Counter(malformed=1),
        )
        with InProcessKafka() as broker:
            self.read = Subscriber(broker.bootstrap, TopicNames.of(Topics()))
        self.read.outputs = Counter({"change": 2, "alert": 1, "dead-letter": 1})
        self.read.causes = {("lead-1", 1): "event", ("lead-1", 2): "model"}
        self.read.alerts = [("lead-1", 1)]

    def failed(self) -> list[str]:
        found = judge(self.produced, self.injected, self.counts, self.read)
        return [verdict.claim for verdict in found if not verdict.holds]


def lose_an_event(run: Outcome) -> None:
    run.produced = 11


def count_a_repeat_as_new(run: Outcome) -> None:
    run.counts.verdicts.update({"counted": 1, "duplicate": -1})


def swallow_a_broken_event(run: Outcome) -> None:
    run.injected.flaws["wrong type"] = 1


def skip_a_change(run: Outcome) -> None:
    del run.read.causes["lead-1", 1]


def read_a_change_again(run: Outcome) -> None:
    run.read.repeated = 1


def alert_for_the_swap(run: Outcome) -> None:
    run.read.alerts.append(("lead-1", 2))


def test_a_run_in_which_everything_held_fails_no_claim() -> None:
    assert Outcome().failed() == []


@pytest.mark.parametrize(
    ("spoil", "claim"),
    [
        (lose_an_event, "every event was taken once"),
        (count_a_repeat_as_new, "repeated events counted once"),
        (swallow_a_broken_event, "broken events became dead letters"),
        (skip_a_change, "each score change came once"),
        (read_a_change_again, "each score change came once"),
        (alert_for_the_swap, "no alert came from the model swap"),
    ],
)
def test_each_claim_fails_where_it_does_not_hold(spoil: Callable[[Outcome], None], claim: str) -> None:
    run = Outcome()
    spoil(run)
    assert claim in run.failed()


def test_a_quiet_run_shows_too_little() -> None:
    quiet = Summary(100, 50.0, 199, 20, 1, {"p50": 1.0, "p99": 2.0}, 2, 60.0)
    assert not quiet.enough().holds
    assert quiet._replace(score_changes=200).enough().holds
    assert not quiet._replace(score_changes=200, latency_ms={}).enough().holds


def test_percentiles_are_measured_values() -> None:
    assert percentiles([each / 1000 for each in range(100, 0, -1)]) == {"p50": 50.0, "p99": 99.0}
    assert percentiles([]) == {}


def test_the_market_is_the_same_on_every_day_of_the_year_but_for_the_date() -> None:
    markets = [Market(7, 50, NOW + day * DAY) for day in (0, 1, 30)]
    shapes = [[(record.key, record.time - market.opens) for record in market.known()] for market in markets]
    assert shapes[0]
    assert shapes[0] == shapes[1] == shapes[2]
    for market in markets:
        assert market.opens < NOW
        assert (market.opens - HISTORY_DAYS * DAY) // DAY % 7 == 4  # 1970 began on a Thursday, so this is a Monday


def test_what_is_injected_is_what_arrives_again_or_broken() -> None:
    market, injected = Market(7, 400, NOW), Injected()
    records = list(market.live(injected))
    values = Counter(record.value for record in records)
    # A repeat is the same bytes again; broken copies differ from each other and from what they were made of.
    assert injected.repeats == len(records) - len(values) > 0
    assert injected.flaws.total() == len(values) - len(injected.ids) > 0
