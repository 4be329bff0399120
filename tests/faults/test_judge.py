"""The judge finds what is lost, doubled, changed or made up, and the gauges move when what they measure does."""

import random

import pytest
from confluent_kafka import Producer

from tests.faults.judge import judge
from tests.faults.load import Delivered, Load, good
from tests.faults.outcome import Findings
from tests.faults.play import warm_up
from tests.faults.soak import slope
from tests.faults.watch import UP, Seen, parse
from tests.integration.deployment import Broker, Deployment, deploy, few_features
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, read_all
from tests.integration.traffic import traffic

RATE = 2_000


@pytest.fixture(scope="module")
def scored(mock_kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> tuple[Deployment, list[Delivered]]:
    """A deployment whose worker has scored some events in peace, and those events."""
    warm_up(mock_kafka, tmp_path_factory.mktemp("warm"))
    folder = tmp_path_factory.mktemp("judged")
    deployment = deploy(mock_kafka, folder, "judged", topics={"inputs": ["web"]}, features=few_features())
    deployment.create_topics()
    inputs = Input(mock_kafka)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        load = Load(inputs, good(deployment.names.input("web"), traffic(seed=20, leads=60, events=800)), RATE)
        load.finish()
        worker.wait_until_scored(inputs.ends)
        worker.stop()
    return deployment, load.delivered


def found(
    scored: tuple[Deployment, list[Delivered]], delivered: list[Delivered], exactly_once: bool = True
) -> Findings:
    findings = Findings()
    judge(scored[0], delivered, findings, exactly_once=exactly_once)
    return findings


def test_work_in_peace_is_without_complaint(scored: tuple[Deployment, list[Delivered]]) -> None:
    assert found(scored, scored[1]) == Findings()


def test_an_event_without_a_trace_is_lost(scored: tuple[Deployment, list[Delivered]]) -> None:
    last = max(scored[1], key=lambda each: each.trigger.offset)
    arrival = traffic(seed=21, leads=1, events=1)[0]
    (injected,) = good(last.trigger.topic, [arrival._replace(event={**arrival.event, "lead": "lead-nobody-scored"})])
    unseen = Delivered(injected, last.trigger._replace(offset=last.trigger.offset + 1))
    findings = found(scored, [*scored[1], unseen])
    assert findings.lost >= 2  # its change and its latest score
    assert any(each.startswith("state") for each in findings.complaints)


def test_an_event_that_nobody_sent_is_told(scored: tuple[Deployment, list[Delivered]]) -> None:
    findings = found(scored, scored[1][1:])
    assert any("does not know" in each for each in findings.complaints)


def test_a_repeated_output_is_counted_and_a_changed_one_is_told(scored: tuple[Deployment, list[Delivered]]) -> None:
    deployment, delivered = scored
    changes = deployment.names.changes
    again = read_all(deployment.broker, changes)[0]
    producer = Producer({"bootstrap.servers": deployment.broker.bootstrap})
    producer.produce(changes, again.value, again.key, headers=list(again.headers))
    assert producer.flush(10) == 0
    assert found(scored, delivered).complaints == ["1 outputs twice"]
    assert found(scored, delivered, exactly_once=False) == Findings(duplicated=1)

    other = (again.value or b"").replace(b'"sequence":', b'"sequence":1')
    producer.produce(changes, other, again.key, headers=list(again.headers))
    assert producer.flush(10) == 0
    findings = found(scored, delivered, exactly_once=False)
    assert findings.duplicated == 2
    assert findings.complaints == ["1 repeated outputs with another content"]


def test_a_counter_grows_over_a_restart() -> None:
    seen = Seen()
    for value in (3.0, 5.0, 2.0, 4.0):
        seen.take(0.0, {UP: 1.0, "done_total": value})
    assert seen.grown["done_total"] == 5 + 4


def test_series_are_read_as_the_page_names_them() -> None:
    page = '# HELP x\nx_total{kind="a b",of="c"} 2.0\ny 1e+03\n'
    assert parse(page) == {'x_total{kind="a b",of="c"}': 2.0, "y": 1000.0}


def test_the_slope_is_that_of_most_samples() -> None:
    noise = random.Random(1)
    flat = [100 + noise.uniform(-1, 1) for _ in range(120)]
    assert abs(slope(flat)) < 0.01
    assert abs(slope([*flat[:60], 900.0, *flat[60:]])) < 0.01
    assert slope([value + 0.5 * place for place, value in enumerate(flat)]) == pytest.approx(0.5, abs=0.02)
