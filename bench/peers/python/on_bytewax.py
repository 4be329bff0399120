"""The reference job on Bytewax: its Kafka source and sink, state by key, snapshots into its recovery store.

Bytewax has no changelog in Kafka and no exactly-once: it repeats what came after its last snapshot.
"""

import os
from pathlib import Path

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from job import Lead, Scoring


def dataflow(bootstrap: str, source: str, changes: str, model: Path, job: Path, group: str) -> Dataflow:
    """From calls to changes."""
    scoring = Scoring(model, job)
    flow = Dataflow("scoring")
    # It keeps its place itself. The group is for watching its lag, and commits what was handed to the dataflow.
    lag = {"group.id": group, "enable.auto.commit": "true", "auto.commit.interval.ms": "1000"}
    calls = kop.input("calls", flow, brokers=[bootstrap], topics=[source], add_config=lag)
    by_lead = op.key_on("by-lead", calls.oks, _lead)

    def scored(
        lead: Lead | None, call: KafkaSourceMessage[bytes, bytes]
    ) -> tuple[Lead, list[KafkaSinkMessage[bytes, bytes]]]:
        lead, change = scoring.step(lead, call.value)
        return lead, [KafkaSinkMessage(call.key, scoring.encode_change(change))] if change else []

    told = op.stateful_flat_map("score", by_lead, scored)
    kop.output("changes", op.key_rm("told", told), brokers=[bootstrap], topic=changes)
    return flow


def _lead(call: KafkaSourceMessage[bytes, bytes]) -> str:
    return call.key.decode()


_said = os.environ
flow = dataflow(
    _said["BOOTSTRAP"], _said["SOURCE"], _said["CHANGES"], Path(_said["MODEL"]), Path(_said["JOB"]), _said["GROUP"]
)
