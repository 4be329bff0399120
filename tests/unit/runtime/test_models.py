"""The watch over the registry: what is promoted takes over between two epochs, what is broken never does."""

import asyncio
import logging
import threading
import time
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from schemas.settings import Settings
from stream.core.model import ModelFiles
from stream.models.registry import Registry
from stream.runtime import models
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from tests.unit.models.files import RULES, another, with_graph, with_manifest
from tests.unit.schemas.files import shipped

FIRST, SECOND = another(11), another(12)
BROKEN_ANSWERS = with_manifest(FIRST, lambda manifest: manifest["golden"].update(log_odds=[0.0] * 16))
OTHER_FEATURES = with_manifest(FIRST, lambda manifest: manifest.update(features_digest="0" * 64))
OTHER_TIERS = with_manifest(FIRST, lambda manifest: manifest["tiers"].update(lowest="frozen"))
NO_GRAPH = with_graph(FIRST, "score.onnx", b"garbage")


class Watched:
    """Models over a registry of their own, with what they told."""

    def __init__(self, directory: Path, promoted: ModelFiles | None = None) -> None:
        self.directory = directory
        self.registry = Registry(directory)
        if promoted is not None:
            self.promote(promoted)
        self.metrics = Metrics()
        self.models = Models(settings(directory), self.metrics)

    def promote(self, files: ModelFiles) -> None:
        self.registry.add(files)
        self.registry.promote(files.digest)

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            asyncio.run(self.models.refresh())

    def counted(self, sample: str) -> float:
        for line in generate_latest(self.metrics.registry).decode().splitlines():
            if line.startswith(sample + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def refused(self, check: str) -> float:
        return self.counted(f'leadpulse_models_refused_total{{check="{check}"}}')

    def waits(self) -> bool:
        return self.models.pending

    def swap(self) -> str:
        """Takes what must be waiting; the digest then in force."""
        assert self.models.pending
        self.models.take()
        return self.in_force

    @property
    def in_force(self) -> str:
        return self.models.in_force.digest


def settings(directory: Path) -> Settings:
    return shipped(lambda content: content.update(models=str(directory)))


def test_the_scorecard_scores_until_there_is_a_model(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "absent")
    watched.look()
    assert watched.in_force == RULES.digest
    assert not watched.waits()
    assert watched.counted(f'leadpulse_model_info{{digest="{RULES.digest}",kind="rules"}}') == 1


def test_a_worker_begins_with_the_model_in_force(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    assert watched.in_force == FIRST.digest
    assert not watched.waits()
    assert watched.counted("leadpulse_model_swaps_total") == 0


def test_a_promotion_waits_to_be_taken(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    watched.promote(SECOND)
    assert not watched.waits()
    watched.look()
    assert watched.waits()
    assert watched.in_force == FIRST.digest
    assert watched.swap() == SECOND.digest
    assert not watched.waits()
    assert watched.counted("leadpulse_model_swaps_total") == 1
    assert watched.counted(f'leadpulse_model_info{{digest="{FIRST.digest}",kind="rules"}}') == 0
    assert watched.counted(f'leadpulse_model_info{{digest="{SECOND.digest}",kind="rules"}}') == 1


def test_looking_again_at_the_same_model_changes_nothing(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    watched.look(3)
    assert not watched.waits()


def test_the_last_of_several_promotions_counts(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    for files in (FIRST, SECOND):
        watched.promote(files)
        watched.look()
    assert watched.swap() == SECOND.digest
    assert not watched.waits()


def test_a_step_back_is_a_promotion_like_any_other(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    for files in (SECOND, FIRST):
        watched.promote(files)
        watched.look()
        assert watched.swap() == files.digest


def test_a_promotion_withdrawn_before_it_was_taken_leaves_the_old_model_in_force(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    for files in (SECOND, FIRST):
        watched.promote(files)
        watched.look()
    assert not watched.models.pending
    assert watched.models.in_force.digest == FIRST.digest


@pytest.mark.parametrize(
    ("files", "check"),
    [
        (BROKEN_ANSWERS, "golden"),
        (OTHER_FEATURES, "features"),
        (OTHER_TIERS, "tiers"),
        (NO_GRAPH, "unreadable"),
    ],
)
def test_a_model_that_is_not_fit_leaves_the_old_one_in_force_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, files: ModelFiles, check: str
) -> None:
    watched = Watched(tmp_path, SECOND)
    watched.promote(files)
    with caplog.at_level(logging.ERROR):
        watched.look(3)
    assert not watched.waits()
    assert watched.in_force == SECOND.digest
    assert watched.refused(check) == 1
    (told,) = caplog.messages
    assert f"{SECOND.digest[:12]} stays in force" in told


def test_a_worker_starts_with_the_scorecard_where_the_model_is_not_fit(tmp_path: Path) -> None:
    watched = Watched(tmp_path, OTHER_FEATURES)
    assert watched.in_force == RULES.digest
    assert watched.refused("features") == 1


def test_a_good_promotion_after_a_refused_one_is_taken(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    for files in (BROKEN_ANSWERS, FIRST):
        watched.promote(files)
        watched.look()
    assert watched.swap() == FIRST.digest


def test_a_model_that_is_still_on_its_way_is_taken_when_it_has_arrived(tmp_path: Path) -> None:
    """As where the registry is a directory that another program copies, file by file, `current` first."""
    watched, elsewhere = Watched(tmp_path / "here"), Registry(tmp_path / "elsewhere")
    elsewhere.add(FIRST)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "current").write_text(FIRST.digest)
    watched.look(2)
    assert watched.refused("unreadable") == 1
    folder = tmp_path / "here" / FIRST.digest
    folder.mkdir()
    for name, content in (("manifest.json", FIRST.manifest), ("explain.onnx", FIRST.explain)):
        (folder / name).write_bytes(content)
    (folder / "score.onnx").write_bytes(FIRST.score[:100])
    watched.look(2)
    assert not watched.waits()
    assert watched.refused("digest") == 1
    (folder / "score.onnx").write_bytes(FIRST.score)
    watched.look()
    assert watched.swap() == FIRST.digest


def test_a_current_that_names_nothing_is_told_once_and_looked_at_again(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    (tmp_path / "current").write_text("v2")
    watched.look(3)
    assert watched.refused("unreadable") == 1
    watched.promote(SECOND)
    watched.look()
    assert watched.waits()


def test_a_registry_that_goes_away_leaves_the_model_in_force(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    (tmp_path / "current").unlink()
    watched.look()
    assert watched.in_force == FIRST.digest
    assert not watched.waits()


def can_follow(watched: Watched, files: ModelFiles, kind: str) -> bool:
    return asyncio.run(watched.models.can_follow(files.digest, kind))


def test_state_of_a_trained_model_waits_for_it_where_only_the_registry_is_away(tmp_path: Path) -> None:
    """Else a registry that is late at the start would score every lead by the rules, and swap back a moment later."""
    watched = Watched(tmp_path / "late")
    assert not can_follow(watched, FIRST, "logistic")
    assert watched.in_force == RULES.digest
    watched.promote(FIRST)
    assert can_follow(watched, FIRST, "logistic")
    assert watched.swap() == FIRST.digest


def test_state_of_the_model_in_force_or_of_a_scorecard_can_always_be_gone_on_with(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "absent")
    assert can_follow(watched, RULES, "rules")
    assert can_follow(watched, SECOND, "rules")
    assert not watched.waits()


def test_state_of_any_model_can_be_gone_on_with_by_a_promoted_one(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FIRST)
    assert can_follow(watched, SECOND, "logistic")
    assert watched.in_force == FIRST.digest


def test_a_registry_that_does_not_answer_holds_no_assignment_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, ruled = Watched(tmp_path / "trained", FIRST), Watched(tmp_path / "away")
    answer = threading.Event()
    monkeypatch.setattr(models, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(Registry, "current", lambda _: answer.wait(60) and None)

    async def answers() -> list[bool]:
        every = [trained.models, trained.models, ruled.models, ruled.models]
        found = [await each.can_follow(SECOND.digest, "logistic") for each in every]
        answer.set()
        return found

    began = time.monotonic()
    # Only where nothing but the rules is known does a partition wait for the model that scored it.
    assert asyncio.run(answers()) == [True, True, False, False]
    assert time.monotonic() - began < 30
