"""What cannot be scored: it is kept as it came, with the reason, and the next event is scored all the same."""

import json
from pathlib import Path

import pytest

from schemas.times import DAY, MINUTE
from stream.core.partitioner import partition_of
from tests.integration import foreign_headers
from tests.integration.deployment import PARTITIONS, Broker, Deployment, deploy
from tests.integration.expectation import newest_rows
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input, Sent, read_all
from tests.integration.traffic import BEGIN, wire
from tests.oracle.decisions import Trigger, output_id
from tests.oracle.matching import Event

HEADERS = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("odd", b"\xff\x00")]
LIMIT = 1_024
LEAD = "lead-1"
NOW = BEGIN + 20 * DAY


@pytest.fixture
def strict(kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Deployment:
    """A deployment with a low limit on events and one topic in the Segment format."""
    deployment = deploy(
        kafka,
        tmp_path,
        request.node.name,
        topics={"inputs": ["web", "intent"], "formats": {"intent": "segment"}},
        limits={"event_bytes": LIMIT},
    )
    deployment.create_topics()
    return deployment


def view(identifier: str, lead: str = LEAD, time: int = NOW) -> Event:
    return {
        "id": identifier, "lead": lead, "time": time, "type": "web", "name": "page_view", "path": "/", "properties": {}
    }  # fmt: skip


def bad_records(deployment: Deployment) -> list[tuple[str, Sent]]:
    """A record for every reason, and more than one where there are several ways."""
    web, intent = deployment.names.input("web"), deployment.names.input("intent")
    key, good = LEAD.encode(), wire(view("good"))
    right = partition_of(key, PARTITIONS)
    alias = json.dumps({"type": "alias", "messageId": "m", "userId": LEAD, "timestamp": "2026-03-21T00:00:00Z"})

    def on_web(value: bytes | None, key: bytes | None = key, partition: int | None = right) -> Sent:
        return Sent(web, key, value, NOW, HEADERS, partition)

    return [
        ("oversize", on_web(wire({**view("large"), "properties": {"text": "x" * LIMIT}}))),
        ("malformed", on_web(b'{"id": "e", \xff\xfe')),
        ("malformed", on_web(None)),
        ("invalid", on_web(good.replace(b"page_view", b""))),
        ("invalid", on_web(good.replace(b'"web"', b'"telepathy"'))),
        ("invalid", on_web(b"[1, 2]")),
        ("unkeyed", on_web(good, key=None)),
        ("key_mismatch", on_web(good, key=b"lead-2")),
        ("mispartitioned", on_web(good, partition=(right + 1) % PARTITIONS)),
        ("unsupported", Sent(intent, key, alias.encode(), NOW, HEADERS)),
        ("future", on_web(wire(view("early", time=NOW + 11 * MINUTE)))),
        ("late", on_web(wire(view("old", time=NOW - 9 * DAY)))),
    ]


def test_every_bad_record_is_kept_byte_for_byte_with_its_reason(strict: Deployment) -> None:
    first = Sent(strict.names.input("web"), LEAD.encode(), wire(view("first")), NOW)
    bad = bad_records(strict)
    with WorkerProcess(strict) as worker:
        worker.start_ready()
        inputs = Input(strict.broker)
        inputs.send([first])
        worker.wait_until_scored(inputs.ends)
        triggers = inputs.send([record for _, record in bad])
        inputs.send([first._replace(value=wire(view("last"))), last_of(strict, "lead-3")])
        worker.wait_until_scored(inputs.ends)
        tallies = {reason: worker.metric("leadpulse_dead_letters_total", reason=reason) for reason, _ in bad}
        worker.stop()

    assert tallies == {reason: [each for each, _ in bad].count(reason) for reason, _ in bad}
    assert newest_rows(strict).keys() == {LEAD, "lead-3"}
    assert_letters(strict, bad, triggers)


def test_a_header_whose_name_is_no_text_stops_nobody(strict: Deployment) -> None:
    web, intent = strict.names.input("web"), strict.names.input("intent")
    good = Sent(web, LEAD.encode(), wire(view("first")), NOW)
    bad = good._replace(value=b"no event")
    call = json.dumps({"type": "alias", "messageId": "m", "userId": LEAD, "timestamp": "2026-03-21T00:00:00Z"}).encode()
    with WorkerProcess(strict) as worker:
        worker.start_ready()
        foreign_headers.send(strict.broker.bootstrap, [good, bad, good._replace(topic=intent, value=call)])
        worker.wait_for(lambda: worker.metric("leadpulse_records_total") == 3, 30, "through with them")
        inputs = Input(strict.broker)
        inputs.send([good._replace(value=wire(view("last"))), last_of(strict, "lead-3")])
        worker.wait_until_scored(inputs.ends)
        worker.stop()

    assert newest_rows(strict).keys() == {LEAD, "lead-3"}
    letters = read_all(strict.broker, strict.names.dead_letters)
    assert sorted((letter.value or b"", dict(letter.headers)["leadpulse.reason"]) for letter in letters) == [
        (b"no event", b"malformed"),
        (call, b"unsupported"),
    ]


def last_of(deployment: Deployment, lead: str) -> Sent:
    return Sent(deployment.names.input("web"), lead.encode(), wire(view(f"of {lead}", lead)), NOW)


def assert_letters(deployment: Deployment, bad: list[tuple[str, Sent]], triggers: list[Trigger]) -> None:
    """One letter for each bad record, with the record's bytes and headers and where it came from."""
    letters = {}
    for letter in read_all(deployment.broker, deployment.names.dead_letters):
        told = dict(letter.headers[: -len(HEADERS)])
        origin = Trigger(
            told["__connect.errors.topic"].decode(),
            int(told["__connect.errors.partition"]),
            int(told["__connect.errors.offset"]),
        )
        assert origin not in letters
        assert told["ce_id"].decode() == output_id(deployment.settings.application, "dead-letter", "", origin)
        assert told["__connect.errors.exception.message"]
        letters[origin] = (
            told["leadpulse.reason"].decode(), letter.key, letter.value, letter.headers[-len(HEADERS) :]
        )  # fmt: skip
    assert letters == {
        trigger: (reason, record.key, record.value, HEADERS)
        for (reason, record), trigger in zip(bad, triggers, strict=True)
    }
