"""`make image`: the image against a real Kafka, stopped under load, judged by the oracle.

A worker in a container scores generated events, is told to stop by SIGTERM while records arrive, and is started again
on the same volume. Every score change, alert and row of state must be the oracle's, which knows no container. Then
`leadpulse probe` of the same image prints a score.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from stream.models.rules import rules_model
from tests.brokers.select import running_kafka
from tests.image.container import ContainerWorker, run_options
from tests.image.inspection import inspect
from tests.integration.deployment import Broker, Deployment, deploy, few_features
from tests.integration.expectation import (
    assert_latest_is_last,
    assert_no_id_twice,
    assert_state_equals,
    expect,
    in_offset_order,
    read_emissions,
    scorer,
)
from tests.integration.topics import Input
from tests.integration.traffic import sent, traffic

GRACE_SECONDS: Final = 60.0
EVENTS: Final = 6_000
RATE: Final = 1_500


def main(arguments: list[str]) -> int:
    """0 when everything holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="podman", help="podman or docker (default: %(default)s)")
    parser.add_argument("--image", required=True, help="the image to run")
    given = parser.parse_args(arguments)
    for line in inspect(given.engine, given.image):
        _tell(line)
    directory = Path("build/image").absolute()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with running_kafka(_tell) as bootstrap:
        deployment = deploy(
            Broker(bootstrap, real=True), directory, "image", topics={"inputs": ["web"]}, features=few_features()
        )
        deployment.create_topics()
        with ContainerWorker(deployment, given.engine, given.image) as worker:
            _score(deployment, worker)
            answer = _probe(deployment, given.engine, given.image)
            _tell(f"probe: {json.dumps(answer)}")
            _stop(worker)
    _tell("the image holds")
    return 0


def _score(deployment: Deployment, worker: ContainerWorker) -> None:
    """Half of the records, SIGTERM while the other half arrives, and a second start on the same volume."""
    arrivals = traffic(seed=6, leads=300, events=EVENTS, disorder=True)
    records = sent(deployment.names.input("web"), arrivals)
    half = len(records) // 2
    inputs = Input(deployment.broker)
    _start(worker, "first start")
    triggers = inputs.send(records[:half])
    worker.wait_until_scored(inputs.ends)
    with ThreadPoolExecutor(1) as sender:
        sending = sender.submit(inputs.send, records[half:], RATE)
        time.sleep(half / RATE / 2)
        taken = worker.metric("leadpulse_records_total")
        _stop(worker)
        triggers += sending.result()
    assert half < taken < len(records), f"it was not stopped under load: {taken:.0f} of {len(records)} were taken"
    _tell(f"told to stop with {taken:.0f} of {len(records)} records taken, while the others arrived")
    _start(worker, "second start")
    worker.wait_until_scored(inputs.ends)
    rules = scorer(rules_model(deployment.settings), deployment.settings)
    log = in_offset_order([(each.event, trigger) for each, trigger in zip(arrivals, triggers, strict=True)])
    expected = expect(deployment, log, lambda _: rules)
    emissions = read_emissions(deployment)
    assert emissions == expected.emissions, "what left is not what the oracle expects"
    assert_latest_is_last(deployment, emissions)
    assert_state_equals(deployment, expected.leads)
    assert_no_id_twice(deployment)
    told = sum(map(len, emissions.values()))
    _tell(f"nothing lost, nothing twice: {told} score changes and the state of {len(emissions)} leads are the oracle's")


def _start(worker: ContainerWorker, what: str) -> None:
    began = time.monotonic()
    worker.start()
    worker.wait_for(lambda: worker.get("/healthz")[0] == 200, 120, "alive")
    alive = time.monotonic() - began
    worker.wait_ready()
    (kernels,) = [line.rsplit(" after ", 1)[1] for line in worker.tail(200).splitlines() if "kernels ready" in line][
        -1:
    ]
    _tell(f"{what}: alive after {alive:.1f} s, kernels after {kernels}, ready after {time.monotonic() - began:.1f} s")


def _stop(worker: ContainerWorker) -> None:
    seconds = worker.stop()
    assert seconds < GRACE_SECONDS, f"it took {seconds:.0f} s to stop"
    _tell(f"SIGTERM: ended with 0 after {seconds:.1f} s")


def _probe(deployment: Deployment, engine: str, image: str) -> dict[str, Any]:
    command = [engine, "run", *run_options(deployment.directory), image, "probe"]
    command += ["--config", str(deployment.config("worker-0")), "--json"]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def _tell(line: str) -> None:
    print(f"image: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
