"""Rows 15 and 16: topics that are deleted, grow or cannot be written."""

import os
import time
from functools import partial
from typing import Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from tests.fault.test_gone_events import make_anew
from tests.faults.load import Injected, good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.deployment import PARTITIONS
from tests.integration.expectation import assert_state_equals
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent
from tests.integration.traffic import Arrival, traffic

RATE: Final = 1_000
LETTER_LIMIT: Final = 4_000


def deleted_and_grown(given: Conditions) -> Played:
    """An input deleted and made anew, then partitions added: refused with the remedy, and nothing written after it."""
    made_anew = _made_anew(given.apart("deleted"))
    grown = _grown(given.apart("grown"))
    findings = made_anew.findings
    findings.lost += grown.findings.lost
    findings.duplicated += grown.findings.duplicated
    findings.complaints += grown.findings.complaints
    findings.notes += grown.findings.notes
    return Played(made_anew.events + grown.events, findings, made_anew.recovered_seconds)


def _made_anew(given: Conditions) -> Played:
    """Stops the worker, or has it wait; `topics.missing_events: skip` is what its operators decide to go on with."""
    with Stage(given, "topic deleted") as stage:
        worker = stage.worker("worker-0")
        worker.start_ready()
        stage.load(good(stage.topic, traffic(seed=15, leads=800, events=given.choose(10_000, 4_000))), RATE).finish()
        stage.recover(worker)
        stage.keep_up(worker)
        make_anew(stage.deployment.broker, stage.topic)
        stage.inputs = Input(stage.deployment.broker)
        later = _of_others(traffic(seed=16, leads=500, events=given.choose(6_000, 3_000)))
        load = stage.load(good(stage.topic, later), RATE)
        stage.wait_for(lambda: "missing_events" in worker.log_file.read_text(), 60, "refusing the topic made anew")
        stage.sleep(given.choose(8, 3))
        load.finish()
        stage.let_go(worker)
        if worker.started:
            worker.kill()
        _written_only(stage, len(stage.everything()) - len(later), "a topic made anew")
        ready = min(stage.watch.values("leadpulse_ready")[-4:], default=0.0)
        topics = stage.deployment.plain["topics"] | {"missing_events": "skip"}
        successor = stage.worker("worker-1", topics=topics)
        began = time.monotonic()
        successor.start_ready()
        stage.wait_for(lambda: successor.metric("leadpulse_records_total") >= len(later), 60, "done with the new topic")
        stage.recovered_seconds = time.monotonic() - began
        stage.settle(successor)
        stage.findings.note(f"it ended {len(stage.ended)} times")
        stage.shows("leadpulse_ready", ready, ready == 0 or bool(stage.ended))
        return stage.played()


def _grown(given: Conditions) -> Played:
    """While the worker runs, and at its next start: leads would move away from their state."""
    with Stage(given, "partitions added") as stage:
        worker = stage.worker()
        worker.start_ready()
        stage.load(good(stage.topic, traffic(seed=17, leads=800, events=given.choose(10_000, 4_000))), RATE).finish()
        stage.recover(worker)
        stage.settle(worker)
        before = len(stage.everything())
        admin = AdminClient({"bootstrap.servers": stage.deployment.broker.bootstrap})
        for topics in ([stage.topic], [stage.deployment.names.changelog]):
            wanted = [NewPartitions(topic, PARTITIONS + 2) for topic in topics]
            for done in admin.create_partitions(wanted).values():
                done.result(timeout=20)
            known = len(worker.log_file.read_text())
            stage.keep_up(worker)
            worker.start()
            refuses = partial(_refuses_partitions, worker, known)
            stage.wait_for(refuses, 40, f"refusing partitions that were added to {topics[0]}")
            stage.let_go(worker)
            if worker.started:
                worker.kill()
        _written_only(stage, before, "added partitions")
        stage.findings.note("partitions added to the input alone, then to the changelog as well")
        return stage.played()


def _refuses_partitions(worker: WorkerProcess, known: int) -> bool:
    """known: how much of its log is of before."""
    said = " ".join(worker.missing()) + worker.log_file.read_text()[known:]
    return "same number of partitions" in said or "another prefix" in said


def _written_only(stage: Stage, records: int, after: str) -> None:
    """What is written is what the oracle makes of the first records, and no more."""
    known = stage.everything()[:records]
    expected = stage.expect(known)
    try:
        assert_state_equals(stage.deployment, expected.leads)
    except AssertionError:
        stage.findings.complaints.append(f"state was mixed after {after}")


def _of_others(arrivals: list[Arrival]) -> list[Arrival]:
    """Of leads of another name: a record of the new topic may lie where one of the old topic lay."""
    found = []
    for event, timestamp in arrivals:
        renamed = {"lead": f"later-{event['lead']}", "id": f"later-{event['id']}"}
        found.append(Arrival({**event, **renamed}, timestamp))
    return found


def dead_letters_refused(given: Conditions) -> Played:
    """The brokers take no dead letter of that size: the worker halts before it, and goes on when they do."""
    with Stage(given, "dead letters", limits={"event_bytes": 4_096}) as stage:
        names = stage.deployment.names
        _limit(stage, names.dead_letters, LETTER_LIMIT)
        worker = stage.worker()
        worker.start_ready()
        stage.keep_up(worker)
        arrivals = traffic(seed=16, leads=1_500, events=given.choose(20_000, 8_000))
        records = good(stage.topic, arrivals)
        for place in range(3_000, len(records), 500):
            large = Sent(stage.topic, records[place].record.key, os.urandom(20_000), arrivals[place].timestamp)
            records[place] = Injected(large, None, "oversize")
        load = stage.load(records, RATE)
        stage.wait_for(lambda: "lower limits.dead_letter_bytes" in worker.log_file.read_text(), 60, "refused a letter")
        stage.sleep(given.choose(15, 5))
        passed = _passed_over(stage)
        stage.findings.require(not passed, f"{passed} records were passed over without a letter")
        stage.watch.look()
        _limit(stage, names.dead_letters, 1_000_000)
        stage.recover(worker)
        load.finish()
        stage.settle(worker)
        said = worker.log_file.read_text()
        stage.findings.require(set(stage.ended) <= {1}, f"it ended with {sorted(set(stage.ended))}")
        stage.findings.require(
            said.count("lower limits.dead_letter_bytes") >= len(stage.ended), "it ended without a word"
        )
        stage.findings.note(f"it ended {len(stage.ended)} times")
        failed = sum(stage.watch.grown("leadpulse_epochs_total", result=each) for each in ("aborted", "broken"))
        stage.shows("leadpulse_epochs_total aborted or broken", failed, failed > 0)
        return stage.played()


def _passed_over(stage: Stage) -> int:
    """How many records without a letter lie before the positions that are committed."""
    bad = [each.trigger for each in stage.everything() if each.injected.event is None]
    return sum(stage.follow.has({(each.topic, each.partition): each.offset + 1}) for each in bad)


def _limit(stage: Stage, topic: str, size: int) -> None:
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    admin = AdminClient({"bootstrap.servers": stage.deployment.broker.bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(timeout=20)
    time.sleep(0.5)  # the brokers take a moment until they go by it
