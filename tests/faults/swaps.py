"""Row 13: models are promoted one after the other under load, every third of them broken."""

import bisect
import time
from typing import Final

from schemas.settings import Settings
from stream.core.model import ModelFiles
from stream.models.registry import CURRENT, EXPLAIN, SCORE, Registry
from stream.models.rules import rules_model
from tests.faults.load import good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.expectation import scorer
from tests.integration.traffic import traffic
from tests.oracle.decisions import Scorer, Trigger

RATE: Final = 500
TAKEN_SECONDS: Final = 30.0


def hundred(given: Conditions) -> Played:
    """Waits for each to be taken into force or refused before the next comes."""
    swaps = given.choose(100, 9)
    with Stage(given, "swaps") as stage:
        registry = Registry(stage.deployment.models)
        worker = stage.worker()
        worker.start_ready()
        seconds = given.choose(300, 60)
        load = stage.load(good(stage.topic, traffic(seed=13, leads=seconds * 60, events=seconds * RATE)), RATE)
        stage.sleep(2)
        promoted: list[ModelFiles] = [rules_model(stage.deployment.settings)]
        slowest = 0.0
        for swap in range(swaps):
            files = _model(stage, swap)
            began = time.monotonic()
            if swap % 3 == 2:
                refusals = worker.metric("leadpulse_models_refused_total")
                _promote_broken(registry, stage, files, swap // 3)
                stage.wait_for(
                    lambda: worker.metric("leadpulse_models_refused_total") > refusals,  # noqa: B023
                    TAKEN_SECONDS,
                    "refused",
                )
                continue
            registry.promote(registry.add(files))
            promoted.append(files)
            stage.wait_for(
                lambda: worker.metric("leadpulse_model_info", digest=files.digest) == 1,  # noqa: B023
                TAKEN_SECONDS,
                "in force",
            )
            slowest = max(slowest, time.monotonic() - began)
        stage.recover(worker)
        load.halt()
        stage.settle(worker)
        return _judged(stage, promoted, swaps, slowest)


def _judged(stage: Stage, promoted: list[ModelFiles], swaps: int, slowest: float) -> Played:
    scorers = {files.digest: scorer(files, stage.deployment.settings) for files in promoted}
    expected = stage.judge(_Recorded(stage, scorers).model_at)
    alerts = [each for each in expected.alerts if each.cause == "model"]
    told = sum(each.cause == "model" for story in expected.emissions.values() for each in story)
    in_force = stage.watch.values("leadpulse_model_info")
    refused = stage.watch.grown("leadpulse_models_refused_total")
    taken = stage.watch.grown("leadpulse_model_swaps_total")
    stage.findings.require(not alerts, f"{len(alerts)} alerts by a swap")
    stage.findings.require(set(in_force) == {1.0}, f"models in force at a time: {sorted(set(in_force))}")
    stage.findings.require(
        min(stage.watch.values("leadpulse_ready")[4:]) == 1, "a swap made the worker say that it is not ready"
    )
    stage.findings.require(refused >= swaps // 3, f"{refused:g} models refused")
    stage.findings.note(f"{refused:g} refusals, {told} changes told because of a swap, slowest swap {slowest:.1f} s")
    stage.shows("leadpulse_model_swaps_total", taken, taken == len(promoted) - 1)
    return stage.verdict()


def _model(stage: Stage, number: int) -> ModelFiles:
    """The scorecard with other points: some models find nearly everybody hot, some nobody."""
    content = stage.deployment.content
    card = content["scorecard"]
    base = 0.01 + 0.3 * ((number * 37) % 100) / 100 + (number + 1) * 1e-6
    return rules_model(Settings.model_validate(content | {"scorecard": card | {"base_probability": base}}))


def _promote_broken(registry: Registry, stage: Stage, files: ModelFiles, kind: int) -> None:
    """A file that is no model, one that is missing, one that was cut off, or a name of nothing."""
    folder = stage.deployment.models / registry.add(files)
    if kind % 4 == 0:
        (folder / SCORE).write_bytes(b"not a model")
    elif kind % 4 == 1:
        (folder / SCORE).write_bytes(files.score[: len(files.score) // 2])
    elif kind % 4 == 2:
        (folder / EXPLAIN).unlink()
    (stage.deployment.models / CURRENT).write_text("0" * 64 if kind % 4 == 3 else files.digest)


class _Recorded:
    """Which model scored what, by the positions that the changelog recorded with each swap."""

    def __init__(self, stage: Stage, scorers: dict[str, Scorer]) -> None:
        self._scorers = scorers
        self._since: dict[int, list[tuple[int, str]]] = {}
        for step in stage.follow.steps:
            since = step.row.model_since.get(stage.topic, 0)
            known = self._since.setdefault(step.partition, [])
            if not known or known[-1][1] != step.row.model:
                known.append((since, step.row.model))

    def model_at(self, trigger: Trigger) -> Scorer:
        """The last that was in force from this offset or an earlier one on."""
        known = self._since[trigger.partition]
        place = bisect.bisect_right([since for since, _ in known], trigger.offset) - 1
        return self._scorers[known[place][1]]
