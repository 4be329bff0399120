"""Producing records to Kafka, at a steady rate."""

import time
from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from leadpulse.simulator.record import Record

_CONNECT_SECONDS = 10.0
_EARLY_SECONDS = 0.005


class DeliveryError(Exception):
    """Records were not delivered; the message says why and what to do."""


def produce(
    records: Iterable[Record], bootstrap: str, prefix: str, rate: float | None, told: Callable[[Record], None]
) -> None:
    """Produces each record to ``<prefix>.<channel>``, stamped with its arrival; at most `rate` a second on average.

    `told` is called after each one. Raises DeliveryError.
    """
    failures: list[str] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failures.append(f"{message.topic()}: {error.str()}")

    producer = _connect(bootstrap)
    begin = time.monotonic()
    for sent, record in enumerate(records):
        if rate is not None:
            _wait(producer, begin + sent / rate)
        while True:
            try:
                producer.produce(
                    f"{prefix}.{record.channel}",
                    record.value,
                    record.key,
                    timestamp=record.time,
                    on_delivery=delivered,
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        if failures:
            break
        told(record)
    producer.flush()
    if failures:
        raise DeliveryError(
            f"the brokers did not take {len(failures)} records, the first for {failures[0]}; "
            f"create the topics {prefix}.web, .email, .product, .crm and .intent first, or check --prefix"
        )


def _connect(bootstrap: str) -> Producer:
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            # Java's partitioner: a lead's events meet those of other producers in one partition.
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 5,
            "message.timeout.ms": 30_000,
            "log_level": 2,
        }
    )
    try:
        producer.list_topics(timeout=_CONNECT_SECONDS)
    except KafkaException as error:
        reason = error.args[0].str()
        raise DeliveryError(f"no broker answers at {bootstrap} ({reason}): start one or check --kafka") from None
    return producer


def _wait(producer: Producer, due: float) -> None:
    """Serves deliveries until it is time, or so nearly that a record may as well go early."""
    while (left := due - time.monotonic()) > _EARLY_SECONDS:
        producer.poll(min(left, 0.1))
