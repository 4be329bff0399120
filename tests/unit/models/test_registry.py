"""The registry in a directory: models whole or not at all, one name in force whatever happens at the same time."""

import dataclasses
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from stream.core.model import ModelFiles, ModelRefused
from stream.models import directory
from stream.models.registry import Registry
from tests.unit.models.files import RULES, another

OTHER = another(11)
ROUNDS = 40


def refused(act: Callable[[], object]) -> ModelRefused:
    with pytest.raises(ModelRefused) as found:
        act()
    return found.value


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_a_registry_that_nobody_made_yet_is_empty(tmp_path: Path) -> None:
    assert Registry(tmp_path / "absent").current() is None


def test_a_model_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    assert registry.add(RULES, {"report.md": b"# Fine\n"}) == RULES.digest
    assert registry.load(RULES.digest) == RULES
    assert names(tmp_path / "models") == {RULES.digest}
    assert (tmp_path / "models" / RULES.digest / "report.md").read_bytes() == b"# Fine\n"


def test_storing_a_model_puts_none_in_force(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.add(RULES)
    assert registry.current() is None
    registry.promote(RULES.digest)
    registry.add(OTHER)
    assert registry.current() == RULES.digest


def test_storing_a_model_twice_keeps_the_first(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.add(RULES, {"report.md": b"first"})
    registry.add(RULES, {"report.md": b"second"})
    assert (tmp_path / RULES.digest / "report.md").read_bytes() == b"first"
    assert names(tmp_path) == {RULES.digest}


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full: list[int] = []

    def fsync(file: int) -> None:
        full.append(file)
        if len(full) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        Registry(tmp_path).add(RULES)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("failing", [1, 2])
def test_a_promotion_on_a_full_disk_leaves_the_old_model_in_force_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The first file that a promotion writes is its line in the log, the second is `current`."""
    registry = Registry(tmp_path)
    registry.add(RULES)
    registry.add(OTHER)
    registry.promote(RULES.digest)
    writes: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        writes.append(path)
        path.write_bytes(data[:10])
        if len(writes) == failing:
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    with monkeypatch.context() as disk:
        disk.setattr(directory, "_write_durably", write)
        with pytest.raises(OSError, match="No space left"):
            registry.promote(OTHER.digest)
    assert registry.current() == RULES.digest
    assert list(tmp_path.rglob(".*")) == []
    registry.promote(OTHER.digest)
    assert registry.current() == OTHER.digest
    assert [each.model for each in registry.promotions()] == [RULES.digest, OTHER.digest]


def test_a_reader_never_sees_part_of_a_model(tmp_path: Path) -> None:
    registry, done = Registry(tmp_path), threading.Event()
    partial: list[str] = []

    def watch() -> None:
        while not done.is_set():
            for folder in tmp_path.glob("[0-9a-f]*"):
                try:
                    if registry.load(folder.name).digest != folder.name:
                        partial.append(folder.name)
                except ModelRefused as error:
                    partial.append(str(error))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for round_ in range(40):
            registry.add(dataclasses.replace(RULES, manifest=b"%d" % round_), {"report.md": b"x" * 100_000})
    finally:
        done.set()
        watcher.join()
    assert partial == []
    assert len(names(tmp_path)) == 40


def test_jobs_that_store_the_same_model_at_once_all_succeed(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def store(_: int) -> str:
        barrier.wait()
        return Registry(tmp_path).add(RULES)

    with ThreadPoolExecutor(8) as jobs:
        assert set(jobs.map(store, range(8))) == {RULES.digest}
    assert names(tmp_path) == {RULES.digest}


def test_a_promotion_shows_the_old_model_or_the_new_one(tmp_path: Path) -> None:
    registry, done = Registry(tmp_path), threading.Event()
    registry.add(RULES)
    registry.add(OTHER)
    registry.promote(RULES.digest)

    def watch(_: int) -> set[str | None]:
        seen = set()
        while not done.is_set():
            seen.add(Registry(tmp_path).current())
        return seen

    with ThreadPoolExecutor(3) as readers:
        watching = readers.map(watch, range(3))
        try:
            for round_ in range(ROUNDS):
                registry.promote((RULES, OTHER)[round_ % 2].digest)
        finally:
            done.set()
        for seen in watching:
            assert seen <= {RULES.digest, OTHER.digest}


def test_two_jobs_promote_at_once_and_one_of_them_is_in_force(tmp_path: Path) -> None:
    registry, barrier = Registry(tmp_path), threading.Barrier(2)

    def promote(files: ModelFiles) -> None:
        barrier.wait()
        for _ in range(ROUNDS):
            Registry(tmp_path).promote(files.digest)

    for files in (RULES, OTHER):
        registry.add(files)
    with ThreadPoolExecutor(2) as jobs:
        list(jobs.map(promote, (RULES, OTHER)))
    assert registry.current() in (RULES.digest, OTHER.digest)
    assert names(tmp_path) == {RULES.digest, OTHER.digest, "current", "promotions"}
    log = registry.promotions()
    assert registry.current() == log[-1].model
    assert [each.number for each in log] == list(range(1, len(log) + 1))
    assert all(later.previous == earlier.model for earlier, later in pairwise(log))


def test_a_model_that_was_never_stored_cannot_be_promoted(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.add(RULES)
    registry.promote(RULES.digest)
    error = refused(lambda: registry.promote("0" * 64))
    assert (error.kind, "000000000000" in str(error)) == ("unreadable", True)
    assert registry.current() == RULES.digest


def test_a_model_whose_manifest_was_changed_cannot_be_promoted(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.add(RULES)
    (tmp_path / RULES.digest / "manifest.json").write_bytes(RULES.manifest + b" ")
    assert refused(lambda: registry.promote(RULES.digest)).kind == "digest"
    assert registry.current() is None


@pytest.mark.parametrize("content", [b"", b"v2", b"../../etc/passwd", RULES.digest[:63].encode(), b"\xff\xfe"])
def test_a_current_that_names_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "current").write_bytes(content)
    error = refused(Registry(tmp_path).current)
    assert error.kind == "unreadable"
    assert str(tmp_path / "current") in str(error)


def test_a_digest_written_by_hand_may_end_with_a_newline(tmp_path: Path) -> None:
    (tmp_path / "current").write_text(RULES.digest + "\n")
    assert Registry(tmp_path).current() == RULES.digest
