"""The other ways of being in a group: the brokers' own protocol, and workers whose partitions wait for them."""

import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from stream.models.rules import rules_model
from tests.brokers.single_node import kafka_version
from tests.faults.load import Injected, Load
from tests.integration.deployment import PARTITIONS, Broker, Deployment, deploy, few_features
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
from tests.integration.traffic import Arrival, sent, traffic

pytestmark = [pytest.mark.kafka, pytest.mark.nightly]

RATE = 1_000
EVENTS = 12_000
AWAY_MS = 25_000
"""So long may a static member be away; on a slow machine to end and to start again takes more than ten seconds."""
brokers_balance = pytest.mark.skipif(kafka_version() < "4", reason="brokers before 4.0 do not balance by themselves")


def of_one_topic(kafka: Broker, directory: Path, test: str, **membership: Any) -> Deployment:
    found = deploy(
        kafka,
        directory,
        test,
        topics={"inputs": ["web"]},
        features=few_features(),
        kafka={"bootstrap": kafka.bootstrap} | membership,
    )
    found.create_topics()
    return found


def shorten_sessions(deployment: Deployment) -> None:
    """Of this group alone: the brokers' own stay 45 s."""
    group = ConfigResource(
        ResourceType.GROUP,
        deployment.settings.application,
        incremental_configs=[
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in (("consumer.session.timeout.ms", "10000"), ("consumer.heartbeat.interval.ms", "500"))
        ],
    )
    admin = AdminClient({"bootstrap.servers": deployment.broker.bootstrap})
    admin.incremental_alter_configs([group])[group].result(timeout=20)


def owned(worker: WorkerProcess) -> float:
    return worker.metric("leadpulse_partitions", state="owned")


class Stream:
    """Events at a steady rate, in two halves."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._arrivals = traffic(seed=11, leads=400, events=EVENTS)
        records = sent(deployment.names.input("web"), self._arrivals)
        self._records = [Injected(record, each.event) for record, each in zip(records, self._arrivals, strict=True)]
        self._halves: list[Load] = []
        self.inputs = Input(deployment.broker)

    def begin_half(self) -> Load:
        half = len(self._records) // 2
        start = half * len(self._halves)
        self._halves.append(Load(self.inputs, self._records[start : start + half], RATE))
        return self._halves[-1]

    def judge(self) -> None:
        """All outputs and the whole state equal the oracle's."""
        deployment = self._deployment
        triggers = [record.trigger for half in self._halves for record in half.delivered]
        arrivals: list[Arrival] = self._arrivals
        log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
        rules = scorer(rules_model(deployment.settings), deployment.settings)
        expected = expect(deployment, log, lambda _: rules)
        emissions = read_emissions(deployment)
        assert emissions == expected.emissions
        assert_latest_is_last(deployment, emissions)
        assert_state_equals(deployment, expected.leads)
        assert_no_id_twice(deployment)


@brokers_balance
@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_brokers_balance_workers_of_which_one_goes_and_another_comes(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, killed: bool
) -> None:
    deployment = of_one_topic(real_kafka, tmp_path, request.node.name, group_protocol="consumer")
    shorten_sessions(deployment)
    stream = Stream(deployment)
    with WorkerProcess(deployment, "worker-0") as stays, WorkerProcess(deployment, "worker-1") as goes:
        stays.start_ready()
        first = stream.begin_half()
        goes.start_ready()
        stays.wait_for(lambda: owned(stays) == owned(goes) == PARTITIONS / 2, 30, "sharing")
        first.finish()
        second = stream.begin_half()
        goes.wait_for(lambda: goes.metric("leadpulse_records_total") > 500, 30, "doing its part")
        if killed:
            goes.kill()
        else:
            goes.stop()
        stays.wait_for(lambda: owned(stays) == PARTITIONS, 30, "alone again")
        goes.start_ready()
        stays.wait_for(lambda: owned(stays) == owned(goes) == PARTITIONS / 2, 30, "sharing again")
        second.finish()
        stays.wait_until_scored(stream.inputs.ends)
        goes.stop()
        stays.stop()
    stream.judge()


@brokers_balance
def test_a_session_of_the_brokers_that_is_too_long_is_told_with_the_remedy(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = of_one_topic(real_kafka, tmp_path, request.node.name, group_protocol="consumer")
    with WorkerProcess(deployment) as worker:
        worker.start()
        worker.wait_for(worker.missing, 30, "up")
        worker.wait_for(lambda: any("a session lasts 45000 ms" in each for each in worker.missing()), 30, "complaining")
        assert any("group.consumer.session.timeout.ms" in each for each in worker.missing())
        shorten_sessions(deployment)
        worker.wait_ready()
        worker.stop()


@pytest.mark.parametrize(
    ("protocol", "killed"),
    [("classic", False), ("classic", True), pytest.param("consumer", False, marks=brokers_balance)],
)
def test_the_partitions_of_a_static_member_wait_for_it(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest, protocol: str, killed: bool
) -> None:
    deployment = of_one_topic(
        real_kafka,
        tmp_path,
        request.node.name,
        static_membership=True,
        group_protocol=protocol,
        session_timeout_ms=AWAY_MS,
    )
    if protocol == "consumer":
        shorten_sessions(deployment)
    stream = Stream(deployment)
    with WorkerProcess(deployment, "worker-0") as stays, WorkerProcess(deployment, "worker-1") as returns:
        stays.start_ready()
        first = stream.begin_half()
        returns.start_ready()
        stays.wait_for(lambda: owned(stays) == owned(returns) == PARTITIONS / 2, 30, "sharing")
        first.finish()
        assigned = stays.log_file.read_text().count("assigned partitions")
        second = stream.begin_half()
        returns.wait_for(lambda: returns.metric("leadpulse_records_total") > 500, 30, "doing its part")
        began = time.monotonic()
        if killed:
            returns.kill()
        else:
            returns.stop()
        returns.start_ready()
        away = time.monotonic() - began
        stays.wait_for(lambda: owned(returns) == PARTITIONS / 2, 30, "sharing again")
        assert owned(stays) == PARTITIONS / 2
        assert stays.log_file.read_text().count("assigned partitions") == assigned, f"it was away for {away:.1f} s"
        second.finish()
        stays.wait_until_scored(stream.inputs.ends)
        returns.stop()
        stays.stop()
    stream.judge()


@brokers_balance
def test_brokers_that_balance_refuse_a_killed_static_member_until_its_session_is_over(
    real_kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deployment = of_one_topic(
        real_kafka, tmp_path, request.node.name, static_membership=True, group_protocol="consumer"
    )
    shorten_sessions(deployment)
    stream = Stream(deployment)
    with WorkerProcess(deployment) as worker:
        worker.start_ready()
        first = stream.begin_half()
        worker.wait_for(lambda: worker.metric("leadpulse_records_total") > 500, 30, "doing its part")
        worker.kill()
        worker.start()
        assert worker.wait_ended() == 1
        assert "start it again once the session of that run is over" in worker.log_file.read_text()
        first.finish()
        time.sleep(10)
        worker.start_ready()
        stream.begin_half().finish()
        worker.wait_until_scored(stream.inputs.ends)
        worker.stop()
    stream.judge()
