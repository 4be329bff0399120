"""The registry in a bucket, on a server that speaks S3: the same promises as in a directory."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Final

import fsspec
import pytest

from stream.core.model import ModelFiles, ModelRefused
from stream.models.bucket import Bucket
from stream.models.registry import Registry
from tests.brokers.object_store import environment, object_store
from tests.unit.models.files import RULES, another

OTHER: Final = another(11)
ROUNDS: Final = 8


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """What leads S3's clients to a server of these tests."""
    with object_store() as server:
        yield environment(server)


@pytest.fixture
def bucket(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket, which the environment leads to as it does in production."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    name = f"models-{uuid.uuid4().hex}"
    clients = fsspec.get_filesystem_class("s3")
    clients.clear_instance_cache()
    clients().mkdir(name)
    yield f"s3://{name}"
    clients.clear_instance_cache()


def test_a_model_comes_back_as_it_was_stored(bucket: str) -> None:
    registry = Registry(f"{bucket}/leadpulse/")
    assert (registry.current(), registry.models(), registry.promotions()) == (None, [], [])
    assert registry.add(RULES, {"report.md": b"# Fine\n"}) == RULES.digest
    assert registry.load(RULES.digest) == RULES
    assert registry.models() == [RULES.digest]
    assert registry.current() is None


def test_promotions_and_a_step_back_are_seen_by_another_reader_at_once(bucket: str) -> None:
    registry, reader = Registry(bucket), Registry(bucket)
    for files in (RULES, OTHER):
        registry.add(files)
        registry.promote(files.digest)
        assert reader.current() == files.digest
    assert registry.roll_back() == RULES.digest
    assert reader.current() == RULES.digest
    assert [each.action for each in reader.promotions()] == ["promotion", "promotion", "rollback"]
    assert sorted(reader.models()) == sorted([RULES.digest, OTHER.digest])


def test_a_store_that_fails_in_the_middle_of_an_export_leaves_no_model(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(bucket)
    whole = Bucket.replace
    done: list[str] = []

    def put(self: Bucket, name: str, data: bytes) -> None:
        if len(done) == 3:
            raise OSError(28, "the quota of the bucket is used up")
        done.append(name)
        whole(self, name, data)

    with monkeypatch.context() as store:
        store.setattr(Bucket, "replace", put)
        with pytest.raises(OSError, match="quota"):
            registry.add(RULES, {"report.md": b"# Fine\n"})
    with pytest.raises(ModelRefused, match="cannot read model"):
        registry.promote(RULES.digest)
    assert registry.current() is None
    registry.add(RULES, {"report.md": b"# Fine\n"})
    registry.promote(RULES.digest)
    assert registry.load(RULES.digest) == RULES


def test_two_jobs_promote_at_once_and_the_log_says_who_came_last(bucket: str) -> None:
    barrier = Barrier(2)
    for files in (RULES, OTHER):
        Registry(bucket).add(files)

    def promote(files: ModelFiles) -> None:
        registry = Registry(bucket)
        barrier.wait()
        for _ in range(ROUNDS):
            registry.promote(files.digest)

    with ThreadPoolExecutor(2) as jobs:
        list(jobs.map(promote, (RULES, OTHER)))
    log = Registry(bucket).promotions()
    assert Registry(bucket).current() == log[-1].model
    assert [each.number for each in log] == list(range(1, len(log) + 1))
    assert all(later.previous == earlier.model for earlier, later in pairwise(log))


def test_a_name_can_be_taken_once(bucket: str) -> None:
    files = Bucket(bucket)
    with ThreadPoolExecutor(6) as jobs:
        taken = list(jobs.map(lambda number: files.create("promotions/000001.json", b"%d" % number), range(6)))
    assert sum(taken) == 1
    assert files.read("promotions/000001.json") == b"%d" % taken.index(True)


def test_an_object_changed_in_the_store_is_refused(bucket: str) -> None:
    registry = Registry(bucket)
    registry.add(RULES)
    Bucket(bucket).replace(f"{RULES.digest}/manifest.json", RULES.manifest + b" ")
    with pytest.raises(ModelRefused, match="changed after it was made"):
        registry.load(RULES.digest)


def test_a_bucket_that_is_not_there_is_no_empty_registry(bucket: str) -> None:
    registry = Registry("s3://nobody-made-this-one/models")
    with pytest.raises(ModelRefused, match="there is no such bucket"):
        registry.current()
    with pytest.raises(OSError, match="there is no such bucket"):
        registry.models()


def test_a_store_that_does_not_answer_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    registry = Registry("s3://elsewhere/models")
    with pytest.raises(ModelRefused, match=r"s3://elsewhere/models/current: .*127\.0\.0\.1:1"):
        registry.current()


def test_a_kind_of_store_that_is_not_known_is_refused_with_what_to_write() -> None:
    with pytest.raises(ModelRefused, match="such as s3://bucket/models"):
        Registry("ftpx://somewhere/models").current()


def test_a_file_url_is_a_directory(tmp_path: Path) -> None:
    registry = Registry(f"file://{tmp_path}/models")
    registry.promote(registry.add(RULES))
    assert Registry(f"{tmp_path}/models").current() == RULES.digest
