"""A record with a header whose name is no text, as producers in C, Go or PHP can send one and Python's cannot."""

import ctypes
from pathlib import Path
from typing import Any, Final

import confluent_kafka

from tests.integration.topics import Sent

_END, _TOPIC, _VALUE, _KEY, _FLAGS, _TIMESTAMP, _HEADERS = (ctypes.c_int(each) for each in (0, 1, 4, 5, 7, 8, 10))
_COPY: Final = ctypes.c_int(2)
NAME: Final = b"\xe9tat"


def send(bootstrap: str, records: list[Sent]) -> None:
    """Writes them by the client's own library, each with a header of that name."""
    library = ctypes.CDLL(
        str(next(Path(confluent_kafka.__file__).parent.parent.glob("confluent_kafka.libs/librdkafka*")))
    )
    for function in (library.rd_kafka_conf_new, library.rd_kafka_new, library.rd_kafka_headers_new):
        function.restype = ctypes.c_void_p
    configuration, error = ctypes.c_void_p(library.rd_kafka_conf_new()), ctypes.create_string_buffer(512)
    for name, value in ((b"bootstrap.servers", bootstrap.encode()), (b"partitioner", b"murmur2_random")):
        assert library.rd_kafka_conf_set(configuration, name, value, error, 512) == 0, error.value
    producer = ctypes.c_void_p(library.rd_kafka_new(0, configuration, error, 512))
    try:
        for record in records:
            _produce(library, producer, record)
        assert library.rd_kafka_flush(producer, 10_000) == 0
    finally:
        library.rd_kafka_destroy(producer)


def _produce(library: Any, producer: ctypes.c_void_p, record: Sent) -> None:
    assert record.key is not None
    assert record.value is not None
    headers = ctypes.c_void_p(library.rd_kafka_headers_new(1))
    size = ctypes.c_ssize_t
    assert library.rd_kafka_header_add(headers, NAME, size(len(NAME)), b"de facto", size(8)) == 0
    produced = library.rd_kafka_producev(
        producer,
        *(_TOPIC, record.topic.encode()),
        *(_KEY, record.key, size(len(record.key))),
        *(_VALUE, record.value, size(len(record.value))),
        *(_TIMESTAMP, ctypes.c_int64(record.timestamp)),
        *(_FLAGS, _COPY),
        *(_HEADERS, headers),
        _END,
    )
    assert produced == 0
