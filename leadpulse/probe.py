"""One event of a test lead, and the wait for its score: whether a deployment scores, from end to end."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from schemas.events import Channel
from schemas.settings import Settings
from schemas.signals import Match, Signal
from schemas.times import format_time
from schemas.topics import TopicNames
from stream.runtime.connection import connection, explain

LEAD: Final = "leadpulse-probe-"
_ANSWER_SECONDS: Final = 10.0
_WAIT_SECONDS: Final = 0.2
_SEGMENT_CALLS: Final = {"web": "page", "product": "track", "email": "track"}


class ProbeError(Exception):
    """No score came; the message says how far the event got and what to look at."""


@dataclass(frozen=True)
class Answer:
    """What came back. seconds: from producing the event to reading its score."""

    lead: str
    id: str
    score: float
    probability: float
    tier: str
    model: str
    seconds: float


def probe(settings: Settings, seconds: float) -> Answer:
    """Sends one event and waits so long for its score change, read as subscribers read. Raises ProbeError.

    The lead is a new one each time: the first score of a lead always leaves. It stays until it expires.
    """
    lead = f"{LEAD}{uuid.uuid4().hex}"
    topic, value = _event(settings, lead)
    names = TopicNames.of(settings.topics)
    consumer = Consumer(
        connection(settings.kafka)
        # Nothing is committed, but readers belong to a group: one that the worker's own ACL allows.
        | {"group.id": f"{settings.application}-probe", "enable.auto.commit": False}
        | {"isolation.level": "read_committed", "auto.offset.reset": "error"}
    )
    try:
        consumer.assign([each for name in (names.changes, names.dead_letters) for each in _ends(consumer, name)])
        began = time.monotonic()
        _send(settings, topic, lead, value)
        return _wait(consumer, names, lead, began, seconds)
    except KafkaException as error:
        raise ProbeError(explain(error)) from None
    finally:
        consumer.close()


def _event(settings: Settings, lead: str) -> tuple[str, bytes]:
    """Input topic and value of an event that the settings' first signals recognise."""
    names = TopicNames.of(settings.topics)
    formats = {channel: settings.topics.formats.get(channel, "native") for channel in settings.topics.inputs}
    now = format_time(time.time_ns() // 1_000_000)
    for channel, format_ in formats.items():
        if format_ == "native":
            return names.input(channel), json.dumps(_native(settings.observed.signals[0], lead, now)).encode()
    segment = [signal for signal in settings.observed.signals if signal.channel in _SEGMENT_CALLS]
    for channel, format_ in formats.items():
        if format_ == "segment" and segment:
            return names.input(channel), json.dumps(_segment(segment[0], lead, now)).encode()
    raise ProbeError("no input topic has the format native or segment, of which a probe can make an event")


def _native(signal: Signal, lead: str, now: str) -> dict[str, Any]:
    match = signal.match[0]
    event = {"id": uuid.uuid4().hex, "lead": lead, "time": now, "type": signal.channel, "name": _fitting(match.name)}
    path = {"path": _fitting(match.path)} if signal.channel == "web" else {}
    return event | path | {"properties": match.properties}


def _segment(signal: Signal, lead: str, now: str) -> dict[str, Any]:
    channel: Channel = signal.channel
    match: Match = signal.match[0]
    call = {"type": _SEGMENT_CALLS[channel], "messageId": uuid.uuid4().hex, "userId": lead, "timestamp": now}
    if channel == "web":
        return call | {"properties": match.properties | {"path": _fitting(match.path)}}
    return call | {"event": _fitting(match.name), "properties": match.properties}


def _fitting(pattern: str) -> str:
    """A text that the wildcards of a match let pass."""
    return pattern.replace("*", "probe" if pattern == "*" else "").replace("?", "x")


def _ends(consumer: Consumer, topic: str) -> list[TopicPartition]:
    found = consumer.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
    if found.error is not None:
        raise ProbeError(f"topic {topic}: {explain(found.error)}")
    partitions = [TopicPartition(topic, number) for number in found.partitions]
    for partition in partitions:
        _, partition.offset = consumer.get_watermark_offsets(partition, timeout=_ANSWER_SECONDS)
    return partitions


def _send(settings: Settings, topic: str, lead: str, value: bytes) -> None:
    refused: list[KafkaError] = []
    producer = Producer(
        connection(settings.kafka)
        | {"partitioner": "murmur2_random", "acks": "all", "message.timeout.ms": int(_ANSWER_SECONDS * 1000)}
    )

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    producer.produce(topic, value, lead.encode(), on_delivery=delivered)
    producer.flush(_ANSWER_SECONDS + 1)
    if refused:
        raise ProbeError(f"the brokers did not take the event for {topic}: {explain(refused[0])}")


def _wait(consumer: Consumer, names: TopicNames, lead: str, began: float, seconds: float) -> Answer:
    while time.monotonic() - began < seconds:
        message = consumer.poll(_WAIT_SECONDS)
        if message is None or message.key() != lead.encode():
            continue
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        if message.topic() == names.dead_letters:
            raise ProbeError(f"the event became a dead letter: {_reason(message)}")
        value = message.value()
        assert isinstance(value, bytes)
        record = json.loads(value)
        score = record["scores"]["conversion"]
        return Answer(
            lead, record["id"], score["score"], score["probability"], score["tier"], record["model"],
            round(time.monotonic() - began, 3),
        )  # fmt: skip
    raise ProbeError(
        f"the brokers took the event, and no score came within {seconds:g} s: is a worker ready (/readyz), and does "
        "leadpulse_lag_records fall?"
    )


def _reason(message: Message) -> str:
    value = dict(message.headers() or []).get("leadpulse.reason")
    return value.decode() if isinstance(value, bytes) else "without a reason"
