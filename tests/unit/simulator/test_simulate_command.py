"""``leadpulse simulate``, from its options to files and topics."""

import argparse
import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Consumer

from leadpulse.commands import simulate
from leadpulse.simulator import Record, Simulation
from schemas.events import CHANNELS, EVENT
from schemas.times import DAY, parse_time
from tests.brokers.in_process import InProcessKafka

SMALL = ("--leads", "60", "--days", "20", "--seed", "5")


def _parse(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="leadpulse")
    simulate.add_parser(parser.add_subparsers())
    return parser.parse_args(["simulate", *options])


def _simulate(*options: str) -> int:
    return simulate.run(_parse(*options))


def test_a_file_holds_the_events_one_a_line(tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    assert _simulate("--out", str(out), *SMALL, "--start", "2026-02-01") == 0
    simulation = Simulation(5, 60, parse_time("2026-02-01T00:00:00Z"), 20)
    assert out.read_bytes() == b"".join(record.value + b"\n" for record in simulation.events())


def test_equal_options_give_equal_files_compressed_or_not(tmp_path: Path) -> None:
    names = ("one.jsonl.gz", "two.jsonl.gz", "plain.jsonl")
    for name in names:
        assert _simulate("--out", str(tmp_path / name), *SMALL, "--disturb") == 0
    one, two, plain = ((tmp_path / name).read_bytes() for name in names)
    assert one == two
    assert gzip.decompress(one) == plain


def test_the_truth_is_written_beside_the_events(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    assert _simulate("--out", str(tmp_path / "events.jsonl"), "--truth", str(truth), *SMALL) == 0
    rows = [json.loads(line) for line in truth.read_text().splitlines()]
    expected = list(Simulation(5, 60, parse_time("2026-01-01T00:00:00Z"), 20).truths())
    assert [(row["lead"], parse_time(row["time"])) for row in rows] == [(row.lead, row.time) for row in expected]
    assert [row["probability"] for row in rows] == pytest.approx([row.probability for row in expected], abs=1e-9)


def test_with_now_the_events_end_now(tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    before = time.time_ns() // 1_000_000
    assert _simulate("--out", str(out), "--leads", "2000", "--days", "3", "--now") == 0
    times = [parse_time(EVENT.validate_json(line).time) for line in out.read_bytes().splitlines()]
    assert before - 3 * DAY < min(times)
    assert before - DAY < max(times) <= time.time_ns() // 1_000_000


def test_the_topics_get_every_record_by_lead_with_its_arrival_as_time() -> None:
    expected = list(Simulation(5, 60, parse_time("2026-01-01T00:00:00Z"), 20).events())
    with InProcessKafka() as kafka:
        assert _simulate("--kafka", kafka.bootstrap, "--prefix", "acme", *SMALL) == 0
        received, partitions = _consume(kafka.bootstrap, "acme", len(expected))
    assert sorted(received) == sorted(expected)
    for lead in {record.key for record in expected}:
        own = [record for record in received if record.key == lead and record.channel == "web"]
        assert own == [record for record in expected if record.key == lead and record.channel == "web"]
    assert all(len(places) == 1 for places in partitions.values())


def test_a_rate_is_kept() -> None:
    with InProcessKafka() as kafka:
        begin = time.monotonic()
        assert _simulate("--kafka", kafka.bootstrap, "--rate", "200", "--leads", "10", "--days", "10") == 0
        took = time.monotonic() - begin
    sent = len(list(Simulation(7, 10, parse_time("2026-01-01T00:00:00Z"), 10).events()))
    assert took >= (sent - 2) / 200


def test_without_a_broker_the_error_names_the_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadpulse.simulator.delivery._CONNECT_SECONDS", 0.2)
    assert _simulate("--kafka", "127.0.0.1:1", *SMALL) == 1
    assert "no broker answers at 127.0.0.1:1" in (error := capsys.readouterr().err)
    assert "--kafka" in error


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _simulate("--out", str(tmp_path / "missing" / "events.jsonl"), *SMALL) == 1
    error = capsys.readouterr().err
    assert "missing/events.jsonl" in error
    assert "make its directory" in error
    assert "written" not in error


def test_what_was_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "events.jsonl"
    assert _simulate("--out", str(out), *SMALL) == 0
    assert capsys.readouterr().err == f"{len(out.read_bytes().splitlines()):,} events written\n"


def test_what_was_spoilt_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _simulate("--out", str(tmp_path / "events.jsonl"), "--leads", "200", "--days", "30", "--disturb") == 0
    assert "events written, broken among them: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--out", "a", "--kafka", "b:9092"),
        ("--out", "a", "--leads", "0"),
        ("--out", "a", "--days", "-3"),
        ("--out", "a", "--seed", "x"),
        ("--out", "a", "--start", "2026-02-30"),
        ("--out", "a", "--start", "1999-01-01"),
        ("--out", "a", "--start", "2026-01-01", "--now"),
        ("--kafka", "b:9092", "--rate", "0"),
        ("--kafka", "b:9092", "--rate", "nan"),
    ],
)
def test_impossible_options_are_refused(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        _parse(*options)
    assert refusal.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parse("--help")
    assert "leadpulse simulate --leads 2000" in capsys.readouterr().out


def test_a_reader_may_stop_reading() -> None:
    program = "import argparse, sys; from leadpulse.commands import simulate; p = argparse.ArgumentParser();"
    program += "simulate.add_parser(p.add_subparsers()); sys.exit(simulate.run(p.parse_args()))"
    command = [sys.executable, "-c", program, "simulate", "--out", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        EVENT.validate_json(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def _consume(bootstrap: str, prefix: str, count: int) -> tuple[list[Record], dict[bytes, set[int]]]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest", "log_level": 2}
    )
    consumer.subscribe([f"{prefix}.{channel}" for channel in CHANNELS])
    channels = {f"{prefix}.{channel}": channel for channel in CHANNELS}
    received: list[Record] = []
    partitions: dict[bytes, set[int]] = {}
    deadline = time.monotonic() + 30
    while len(received) < count and time.monotonic() < deadline:
        for message in consumer.consume(500, 0.5):
            assert message.error() is None
            kind, stamp = message.timestamp()
            assert kind == TIMESTAMP_CREATE_TIME
            topic, key, value = message.topic(), message.key(), message.value()
            assert topic is not None
            assert isinstance(key, bytes)
            assert isinstance(value, bytes)
            received.append(Record(channels[topic], key, value, stamp))
            partitions.setdefault(key, set()).add(message.partition() or 0)
    consumer.close()
    return received, partitions
