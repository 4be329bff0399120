"""A worker that ends and begins again goes on where it was, with its disk or without."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream.models.rules import rules_model
from tests.integration.deployment import PARTITIONS, Broker, deploy
from tests.integration.expectation import (
    assert_latest_is_last,
    assert_no_id_twice,
    assert_state_equals,
    expect,
    in_offset_order,
    read_emissions,
    scorer,
)
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input
from tests.integration.traffic import sent, traffic


@pytest.mark.kafka
def test_state_goes_on_over_a_restart_and_over_the_loss_of_the_disk(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]})
    deployment.create_topics()
    arrivals = traffic(seed=5, leads=40, events=600, disorder=True)
    records = sent(deployment.names.input("web"), arrivals)
    inputs = Input(real_kafka)
    third = len(records) // 3

    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        triggers = inputs.send(records[:third])
        worker.wait_until_scored(inputs.ends)
        worker.stop()

        triggers += inputs.send(records[third : 2 * third])
        worker.start_ready()
        worker.wait_until_scored(inputs.ends)
        from_disk = worker.metric("leadpulse_restored_rows_total")
        worker.stop()

        worker.lose_disk()
        triggers += inputs.send(records[2 * third :])
        worker.start_ready()
        worker.wait_until_scored(inputs.ends)
        from_changelog = worker.metric("leadpulse_restored_rows_total")
        worker.stop()

    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
    expected = expect(deployment, log, lambda _: rules)
    emissions = read_emissions(deployment)
    assert emissions == expected.emissions
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
    assert_no_id_twice(deployment)
    assert from_disk == 0, "the local rows should have spared it the changelog"
    assert from_changelog >= 30


@pytest.mark.kafka
def test_a_worker_that_is_stopped_while_it_reads_its_state_ends_without_complaint(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = deploy(real_kafka, tmp_path, request.node.name, topics={"inputs": ["web"]})
    deployment.create_topics()
    # A state whose end is not decided yet is waited for.
    other = Producer({"bootstrap.servers": real_kafka.bootstrap, "transactional.id": request.node.name})
    other.init_transactions(30.0)
    other.begin_transaction()
    for partition in range(PARTITIONS):
        other.produce(deployment.names.changelog, b"a row", b"nobody", partition=partition)
    other.flush()
    with WorkerProcess(deployment) as worker:
        worker.start()
        worker.wait_for(lambda: "restoring changelog" in worker.log_file.read_text(), 60, "reading its state")
        worker.stop()
    other.abort_transaction()
