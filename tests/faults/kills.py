"""Row 1: a worker that is killed without warning, again and again."""

import random
import time
from typing import Final

from tests.faults.load import good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.traffic import traffic

RATE: Final = 2_000
ALERTS: Final = 50
"""How many there must be among what is judged."""


def killed_again_and_again(given: Conditions) -> Played:
    """Killed at any moment: while it starts and restores, and every second time while it scores and commits."""
    moments = random.Random(1)
    kills = given.choose(20, 3)
    with Stage(given, "kills") as stage:
        worker = stage.worker()
        worker.start_ready()
        seconds = given.choose(180, 36)
        rate = given.choose(RATE, RATE // 2)
        arrivals = traffic(seed=8, leads=seconds * 150, events=seconds * rate, disorder=True)[: seconds * rate]
        load = stage.load(good(stage.topic, arrivals), rate)
        before_ready, began = 0, time.monotonic()
        for kill in range(kills):
            if kill % 2 == 0:
                worker.wait_ready()
            stage.sleep(moments.uniform(0, 6))
            stage.watch.look()
            before_ready += worker.get("/readyz")[0] != 200
            worker.kill()
            stage.watch.look()
            worker.start()
        stage.recover(worker)
        load.halt()
        stage.settle(worker)
        stage.findings.note(f"{kills} kills, {before_ready} of them before it was ready")
        stage.findings.require(before_ready < kills, "it was never killed at work")
        lowest = stage.watch.lowest("up", since=began)
        stage.shows("up", lowest, lowest == 0)
        alerts = len(stage.judge().alerts)
        stage.findings.require(alerts >= ALERTS, f"only {alerts} alerts: too few to tell that none is lost or twice")
        return stage.verdict()
