"""The peers of `make bench-peers`: they do the reference job, are judged fairly, and are the versions told."""

import importlib
import json
import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from bench.generator import Traffic, calls
from bench.oracle import Change, differences
from bench.peers import PEERS
from bench.peers import __main__ as command
from bench.peers.measure import PeerStuckError, between_commits
from bench.reference import reference
from bench.throughput import Sample, summary
from tests.house.repository import ROOT, files, text

FOLDER = ROOT / "bench" / "peers"
LOG = Traffic(events=3_000, active=60, days=40, seed=12)
"""Forty days of few leads: every window fills and empties again."""


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as the Python engines import it, from its own folder."""
    monkeypatch.syspath_prepend(str(FOLDER / "python"))
    return importlib.import_module("job")


def test_what_the_python_peers_run_does_the_job(job: ModuleType, tmp_path: Path) -> None:
    wanted = reference(ROOT / "build" / "bench" / "models")
    wanted.write_for_peers(tmp_path)
    scoring = job.Scoring(tmp_path / "model.onnx", tmp_path / "job.json")
    log = list(calls(LOG))
    kept: dict[bytes, bytes] = {}
    found = []
    for call in log:
        before = kept.get(call.key)
        lead, change = scoring.step(scoring.decode_state(before) if before else None, call.value)
        kept[call.key] = scoring.encode_state(lead)
        if change is not None:
            found.append(Change(**json.loads(scoring.encode_change(change))))
    assert len(found) > len(kept) > 60
    assert differences(wanted.expected([call.value for call in log]), found) == []


def steadily(rate: float, seconds: float, commit_every: float) -> list[Sample]:
    """What is seen, five times a second, of an engine that works at this rate and commits now and then."""
    times = [step / 5 for step in range(int(5 * seconds))]
    return [Sample(time, rate * (time // commit_every) * commit_every, time * 0.9) for time in times]


@pytest.mark.parametrize("commit_every", [0.1, 1.0, 2.8, 5.0])
@pytest.mark.parametrize("seconds", [20.0, 22.4, 24.8])
def test_an_engine_that_commits_seldom_is_given_its_whole_rate(commit_every: float, seconds: float) -> None:
    found = summary(between_commits(steadily(1_000, seconds, commit_every)), 1)
    assert found.events_per_second.median == pytest.approx(1_000, rel=0.03)
    assert found.cpu_us_per_event.median == pytest.approx(900, rel=0.03)


def test_an_engine_that_stands_still_has_no_rate() -> None:
    with pytest.raises(PeerStuckError, match="committed 0 times"):
        between_commits([Sample(time, 20_000, time) for time in range(30)])


def test_the_versions_told_are_those_installed() -> None:
    pinned = "".join(text(path) for path in files("bench/peers/*.txt"))
    pom = text("bench/peers/kafka-streams/pom.xml")
    for engine in PEERS:
        name, version = engine.version.rsplit(" ", 1)
        if name == "Kafka Streams":
            assert f"<artifactId>kafka-streams</artifactId>\n      <version>{version}</version>" in pom
        else:
            assert re.search(rf"^{name}=={re.escape(version)} ", pinned, re.M), engine.version


@pytest.mark.parametrize("path", files("bench/peers/*.txt"))
def test_what_a_peer_needs_is_locked_by_hash_and_without_addresses(path: str) -> None:
    content = text(path)
    assert not re.search(r"https?:|index-url|find-links|trusted-host", content)
    packages = re.split(r"\n(?=\S)", content.strip())
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []


def test_every_peer_has_the_same_model_runtime_and_json() -> None:
    locked = [
        {
            package
            for package in re.findall(r"^\S+==\S+", text(path), re.M)
            if package.startswith(("onnxrun", "msgspec"))
        }
        for path in files("bench/peers/*.txt")
    ]
    assert len(locked) == 3 and len(locked[0]) == 2
    assert all(one == other for one, other in pairwise(locked))


def test_a_peers_figures_leave_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bench.json"
    file.write_text(json.dumps({"events_per_second_per_core": 1, "peers": {"quix": {"verified": True}}}))
    monkeypatch.setattr(command, "FILE", file)
    command.record("faust", {"verified": False})
    assert json.loads(file.read_text()) == {
        "events_per_second_per_core": 1,
        "peers": {"quix": {"verified": True}, "faust": {"verified": False}},
    }
